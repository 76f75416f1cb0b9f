/**
 * Apps of the catalog over images that exist publicly, with stand-ins for the programs of those images: what is told to them, and which
 * files they find.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Described, setupFiles } from '../configmeta.ts';
import { Member } from './member.ts';
import { systemOf } from './systems.ts';
import { waitFor } from './wait.ts';

/** Notes how it was called, and with which of the variables that matter; a service goes on until it is killed. */
const recorder = (endless = false) => `#!/bin/sh
{ printf '%s' "\${0##*/}"; printf ' [%s]' "$@"; printf '\\n'; } >>/tmp/calls
for name in KAFKA_HEAP_OPTS HADOOP_CONF_DIR OLLAMA_HOST OLLAMA_MODELS; do
  eval "value=\\\${$name:-}"
  [ -z "$value" ] || printf '%s=%s\\n' "$name" "$value" >>/tmp/environment
done
${endless ? 'exec sleep 600' : ''}
`;
const hostOf = (role: string, id: number): string => `${role}-${id}.demo`;

class Story {
  member!: Member;
  readonly app: string;
  #folder = '';

  constructor(app: string, programs: Readonly<Record<string, string>>) {
    this.app = app;
    before(async () => {
      this.#folder = mkdtempSync(`/tmp/kubedirector-${app}-`);
      const system = await systemOf('hello');
      this.member = await Member.start({ host: 'one', folder: join(this.#folder, 'one'), system, setup: app });
      this.programs = programs;
    });
    after(async () => {
      await this.member?.stop();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  programs: Readonly<Record<string, string>> = {};

  /** As the member of that id, in a cluster of so many members per role; ids are counted through all roles. */
  async tell(id: number, counts: Readonly<Record<string, number>>, args: readonly string[], more: object = {}) {
    let last = 0;
    const roles = Object.fromEntries(
      Object.entries(counts).map(([role, count]) => [
        role,
        Array.from({ length: count }, () => {
          last += 1;
          return [last, hostOf(role, last)] as const;
        }),
      ]),
    );
    const described: Described = { distro: `kubedirector/${this.app}`, roles, ...more };
    return this.member.startscript(args, { ...this.programs, ...setupFiles(id, described) });
  }

  async done(...args: Parameters<Story['tell']>): Promise<void> {
    const { code, stdout, stderr } = await this.tell(...args);
    expect(code, stdout + stderr).to.equal(0);
  }

  calls = (): string[] => this.member.read('/tmp/calls').trim().split('\n');
  called = (call: string): Promise<void> => waitFor(() => this.calls().includes(call), 20);
}

describe('the scripts of the catalog', function () {
  this.timeout(120_000);

  describe('for Kafka', () => {
    const story = new Story('kafka', {
      '/opt/kafka/bin/kafka-storage.sh': recorder(),
      '/opt/kafka/bin/kafka-server-start.sh': recorder(true),
    });
    const conf = '/etc/kubedirector/kafka.properties';

    it('make a broker that knows the controllers, and how others reach it', async () => {
      await story.done(4, { controller: 3, broker: 2 }, ['--configure']);
      expect(story.member.read(conf).trim().split('\n')).to.deep.equal([
        'node.id=4',
        'controller.quorum.voters=1@controller-1.demo:9093,2@controller-2.demo:9093,3@controller-3.demo:9093',
        'controller.listener.names=CONTROLLER',
        'log.dirs=/var/lib/kafka/data',
        'process.roles=broker',
        'listeners=PLAINTEXT://:9092',
        'advertised.listeners=PLAINTEXT://broker-4.demo:9092',
        'offsets.topic.replication.factor=2',
        'transaction.state.log.replication.factor=2',
        'transaction.state.log.min.isr=1',
      ]);
      // The sixteen bytes of the cluster's UID.
      const id = Buffer.from('2d1c7a545a3e4c559d0e0d9a0f1b2c3d', 'hex').toString('base64url');
      expect(story.calls()).to.include(
        `kafka-storage.sh [format] [--ignore-formatted] [--cluster-id] [${id}] [--config] [${conf}]`,
      );
      await story.called(`kafka-server-start.sh [${conf}]`);
      expect(story.member.read('/tmp/environment')).to.contain('KAFKA_HEAP_OPTS=-Xmx1024m');
    });

    it('make a controller', async () => {
      await story.done(2, { controller: 3, broker: 1 }, ['--configure']);
      expect(story.member.read(conf)).to.contain('process.roles=controller\nlisteners=CONTROLLER://:9093\n');
    });
  });

  describe('for Hadoop', () => {
    const story = new Story('hadoop', {
      '/opt/hadoop/bin/hdfs': recorder(true).replace('exec sleep 600', 'case $1 in *node) exec sleep 600 ;; esac'),
      '/opt/hadoop/bin/yarn': recorder(true).replace(
        'exec sleep 600',
        'case $1 in rmadmin) ;; *) exec sleep 600 ;; esac',
      ),
      '/opt/hadoop/etc/hadoop/log4j.properties': 'of the image\n',
    });
    // A namenode that is only to be formatted comes back.
    const formatting = (program: string) => program.replace('case $1 in *node)', 'case "$*" in *-format*) ;; *node)');
    before(() => {
      story.programs = {
        ...story.programs,
        '/opt/hadoop/bin/hdfs': formatting(story.programs['/opt/hadoop/bin/hdfs']!),
      };
    });
    const conf = (file: string): string => story.member.read(`/etc/kubedirector/hadoop/${file}`);

    it('make a master, which is formatted before it starts', async () => {
      await story.done(1, { master: 1, worker: 3 }, ['--configure']);
      expect(story.calls()[0]).to.equal('hdfs [namenode] [-format] [-nonInteractive]');
      await story.called('hdfs [namenode]');
      await story.called('yarn [resourcemanager]');
      expect(conf('core-site.xml')).to.contain('<name>fs.defaultFS</name><value>hdfs://master-1.demo:8020</value>');
      expect(conf('hdfs-site.xml')).to.contain('<name>dfs.replication</name><value>3</value>');
      expect(conf('log4j.properties')).to.equal('of the image\n');
      expect(story.member.read('/tmp/environment')).to.contain('HADOOP_CONF_DIR=/etc/kubedirector/hadoop');
    });

    it('let workers go that are told of, and take them back', async () => {
      const workers = ['--nodegroup', '1', '--role', 'worker', '--fqdns', 'worker-3.demo,worker-4.demo'];
      await story.done(1, { master: 1, worker: 1 }, ['--delnodes', ...workers]);
      expect(conf('going')).to.equal('worker-3.demo\nworker-4.demo\n');
      expect(story.calls().slice(-3)).to.deep.equal([
        'hdfs [dfsadmin] [-refreshNodes]',
        'yarn [rmadmin] [-refreshNodes]',
        'hdfs [dfsadmin] [-report] [-decommissioning]',
      ]);
      const back = ['--nodegroup', '1', '--role', 'worker', '--fqdns', 'worker-3.demo'];
      await story.done(1, { master: 1, worker: 2 }, ['--addnodes', ...back]);
      expect(conf('going')).to.equal('worker-4.demo\n');
    });
  });

  describe('for TensorFlow', () => {
    const story = new Story('tensorflow', {});

    it('tell programs of all members, and which of them they are', async () => {
      await story.done(3, { ps: 1, worker: 2 }, ['--configure']);
      const shown = await story.member.exec(['sh', '-c', '. /etc/profile.d/tensorflow.sh; printf %s "$TF_CONFIG"']);
      expect(JSON.parse(shown.stdout)).to.deep.equal({
        cluster: { ps: ['ps-1.demo:2222'], worker: ['worker-2.demo:2222', 'worker-3.demo:2222'] },
        task: { type: 'worker', index: 1 },
      });
      await story.done(3, { ps: 1, worker: 3 }, ['--addnodes', '--role', 'worker', '--fqdns', 'worker-4.demo']);
      expect(story.member.read('/etc/profile.d/tensorflow.sh')).to.contain('worker-4.demo:2222');
    });
  });

  describe('for PyTorch', () => {
    const story = new Story('pytorch', { '/usr/local/bin/python': recorder() });

    it('tell where members meet, how many they are, and which of them this is', async () => {
      await story.done(2, { worker: 3 }, ['--configure'], { constants: { caffe2: 'true' } });
      expect(story.calls()).to.deep.equal([
        'python [-c] [import torch]',
        'python [-c] [from caffe2.python import core]',
      ]);
      expect(story.member.read('/etc/profile.d/pytorch.sh')).to.equal(
        'export MASTER_ADDR=worker-1.demo\nexport MASTER_PORT=29500\nexport WORLD_SIZE=3\nexport RANK=1\n',
      );
    });

    it('say what an image lacks', async () => {
      story.programs = { '/usr/local/bin/python': '#!/bin/sh\nexit 1\n' };
      const { code, stderr } = await story.tell(1, { worker: 1 }, ['--configure']);
      expect([code, stderr]).to.deep.equal([1, 'the image has no PyTorch\n']);
    });
  });

  describe('for a language model', () => {
    const story = new Story('llm', {
      '/usr/local/bin/ollama': recorder(true).replace('exec sleep 600', 'case $1 in serve) exec sleep 600 ;; esac'),
    });

    it('start the server, then fetch the model', async () => {
      await story.done(1, { server: 1 }, ['--configure'], { constants: { model: 'tinyllama' } });
      await story.called('ollama [serve]');
      expect(story.calls()).to.include('ollama [pull] [tinyllama]');
      expect(story.member.read('/tmp/environment')).to.contain('OLLAMA_HOST=0.0.0.0:11434');
    });

    it('say that no model is named', async () => {
      const { code, stderr } = await story.tell(1, { server: 1 }, ['--configure']);
      expect(code).to.equal(1);
      expect(stderr).to.equal('the app does not say which model: config.configMeta.model\n');
    });
  });
});
