/**
 * What KubeDirector asks of its program in a member, and how that travels: the words of the one, the bytes of the other.
 *
 * A member may have nothing but a POSIX shell, and hosts before 1.30 cannot tell a program that its input has ended. So the whole
 * call is one input of known length: the program itself, the options as lines of `name value`, then the contents that they count.
 * The shell is told the three lengths; nothing of a user's is ever part of a command, and nothing is as long as a URL may be.
 *
 * The reconciler writes calls. The program reads them, and so does the sandbox, where members are simulated. How a call gets into a
 * container is not known here.
 */

/** A file that a member fetches before anything else. Mode is octal, as chmod takes it. */
export interface Injection {
  readonly url: string;
  readonly directory: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
}

export interface PackageSource {
  readonly url: string;
  /** In hex. Absent: not checked. */
  readonly sha256?: string;
  /** A larger archive is refused. */
  readonly maxBytes: number;
}

interface InContainer {
  /** Id of the container that the call is meant for: what was done in another does not count. */
  readonly container: string;
  /** The generation of the configuration that `configmeta` holds. */
  readonly generation: number;
  /** `new`: setup files lie below /usr/local and /opt/guestconfig alone (spec: paths). */
  readonly layout: 'legacy' | 'new';
  /** How many bytes of the output of a script are reported when it fails. */
  readonly tailBytes: number;
}

/** Sets a fresh member up, or finds out what became of an earlier call with the same container and attempt. */
export interface SetupCall extends InContainer {
  readonly verb: 'setup';
  /** Scripts that failed are run again only in an attempt of another number. */
  readonly attempt: number;
  readonly injections: readonly Injection[];
  /** systemd has to be up first. */
  readonly systemd: boolean;
  /** Absent: the role has no scripts; files are injected, and that is all. */
  readonly setup?: {
    readonly package: PackageSource;
    /** Whether the script wants to be told to configure the member. */
    readonly configure: boolean;
    readonly configmeta: string;
    /** Archive (tar.gz) of what scripts are given to read configmeta with. */
    readonly helper: Uint8Array;
  };
}

/** Something that a member is told: the arguments of its start script. The same id is delivered once in a container. */
export interface Notification {
  readonly id: string;
  readonly arguments: readonly string[];
}

/** Brings a member that is set up to a newer configuration, and tells it what has happened. */
export interface UpdateCall extends InContainer {
  readonly verb: 'update';
  readonly configmeta: string;
  /** Version of the connections, when the script is to be told that they have changed. */
  readonly reconnect?: string;
  /** Told in this order, before it is told to reconnect. One that fails keeps back neither. */
  readonly notifications: readonly Notification[];
  /** A script that takes longer is stopped, and has failed. */
  readonly deadlineSeconds: number;
}

export type GuestCall = SetupCall | UpdateCall;

/** By this name the program is known to the member, in `ps` for instance, and to the sandbox. */
export const guestProgramName = 'kubedirector-guest';

/**
 * Takes the input apart as far as the program, and runs that. $1 is the length of it all, $2 of the program, $3 of the options;
 * $_d/input is the whole and $_d is gone in the end. Scripts run with the umask of the image, which is kept in $_umask; and a variable
 * of theirs that we assigned to would be changed for them, so ours have names that no role uses.
 *
 * Where there is no room for the input it is taken all the same: hosts before 1.30 do not tell of the end of a program that leaves
 * more than some ten kilobytes of it, and whoever called would wait for a minute.
 */
const bootstrap =
  '_umask=$(umask); umask 077; _d=$(mktemp -d) || { head -c "$1" >/dev/null; exit 1; }; trap \'rm -rf "$_d"\' EXIT; ' +
  'head -c "$1" | { cat >"$_d/input" || { cat >/dev/null; false; }; } && ' +
  'head -c "$2" "$_d/input" >"$_d/program" && . "$_d/program"';

export interface GuestCommand {
  readonly argv: readonly string[];
  readonly input: Buffer;
}

/** @param program text of the program, the same for every call */
export function encodeCall(call: GuestCall, program: Uint8Array): GuestCommand {
  const { options, contents } = call.verb === 'setup' ? setupParts(call) : updateParts(call);
  const text = Buffer.from(options.map(lineOf).join(''));
  const input = Buffer.concat([program, text, ...contents]);
  const lengths = [input.length, program.length, text.length].map(String);
  return { argv: ['sh', '-c', bootstrap, guestProgramName, ...lengths], input };
}

type Option = readonly [name: string, value: string];
interface Parts {
  readonly options: readonly Option[];
  /** In the order in which options count them. */
  readonly contents: readonly Uint8Array[];
}

const common = ({ verb, container, generation, layout, tailBytes }: GuestCall): Option[] => [
  ['verb', verb],
  ['container', container],
  ['generation', String(generation)],
  ['layout', layout],
  ['tail', String(tailBytes)],
];

function setupParts(call: SetupCall): Parts {
  const options = [...common(call), ['attempt', String(call.attempt)], ['systemd', yesNo(call.systemd)]] as Option[];
  for (const { url, directory, mode, owner, group } of call.injections) {
    options.push(['inject', url], ['inject-directory', directory]);
    if (mode !== undefined) options.push(['inject-mode', mode]);
    if (owner !== undefined) options.push(['inject-owner', owner]);
    if (group !== undefined) options.push(['inject-group', group]);
  }
  if (!call.setup) return { options, contents: [] };
  const { package: source, configure, configmeta, helper } = call.setup;
  const meta = Buffer.from(configmeta);
  options.push(['package', source.url], ['package-limit', String(source.maxBytes)]);
  if (source.sha256 !== undefined) options.push(['package-sha256', source.sha256]);
  options.push(['configure', yesNo(configure)], ['configmeta', String(meta.length)], ['helper', String(helper.length)]);
  return { options, contents: [meta, helper] };
}

function updateParts(call: UpdateCall): Parts {
  const meta = Buffer.from(call.configmeta);
  const options = [
    ...common(call),
    ['deadline', String(call.deadlineSeconds)],
    ['configmeta', String(meta.length)],
  ] as Option[];
  for (const { id, arguments: words } of call.notifications) {
    options.push(['notify', id]);
    for (const word of words) options.push(['argument', word]);
  }
  if (call.reconnect !== undefined) options.push(['reconnect', call.reconnect]);
  return { options, contents: [meta] };
}

const yesNo = (yes: boolean): string => (yes ? 'yes' : 'no');

/** A value cannot end its line: schemas keep line ends out, and this does in case one does not. */
function lineOf([name, value]: Option): string {
  if (/[\n\r\0]/.test(value)) throw new RangeError(`${name} contains a line end or a null`);
  return `${name} ${value}\n`;
}

/**
 * Reads a call back, as the program does.
 *
 * @returns undefined when the command is not a call
 */
export function decodeCall(argv: readonly string[], input: Buffer): GuestCall | undefined {
  const [shell, flag, text, name, total, program, options] = argv;
  if (shell !== 'sh' || flag !== '-c' || text !== bootstrap || name !== guestProgramName) return undefined;
  const [from, length] = [Number(program), Number(options)];
  if (input.length !== Number(total)) return undefined;
  const lines = input
    .toString('utf8', from, from + length)
    .split('\n')
    .slice(0, -1);
  let at = from + length;
  const take = (bytes: number): Buffer => {
    at += bytes;
    return input.subarray(at - bytes, at);
  };
  return new CallReader(lines, take).call();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class CallReader {
  readonly #values = new Map<string, string>();
  readonly #injections: Mutable<Injection>[] = [];
  readonly #notifications: { id: string; arguments: string[] }[] = [];
  readonly #take: (bytes: number) => Buffer;

  constructor(lines: readonly string[], take: (bytes: number) => Buffer) {
    this.#take = take;
    for (const line of lines) {
      const space = line.indexOf(' ');
      this.#read(line.slice(0, space), line.slice(space + 1));
    }
  }

  #read(name: string, value: string): void {
    switch (name) {
      case 'inject':
        this.#injections.push({ url: value, directory: '' });
        return;
      case 'inject-directory':
      case 'inject-mode':
      case 'inject-owner':
      case 'inject-group':
        this.#injections.at(-1)![name.slice('inject-'.length) as keyof Injection] = value;
        return;
      case 'notify':
        this.#notifications.push({ id: value, arguments: [] });
        return;
      case 'argument':
        this.#notifications.at(-1)!.arguments.push(value);
        return;
      default:
        this.#values.set(name, value);
    }
  }

  call(): GuestCall {
    const inContainer = {
      container: this.#text('container'),
      generation: this.#number('generation'),
      layout: this.#text('layout') as 'legacy' | 'new',
      tailBytes: this.#number('tail'),
    };
    if (this.#text('verb') === 'update') {
      const reconnect = this.#values.get('reconnect');
      return {
        verb: 'update',
        ...inContainer,
        deadlineSeconds: this.#number('deadline'),
        configmeta: this.#content('configmeta').toString(),
        notifications: this.#notifications,
        ...(reconnect !== undefined && { reconnect }),
      };
    }
    return {
      verb: 'setup',
      ...inContainer,
      attempt: this.#number('attempt'),
      systemd: this.#text('systemd') === 'yes',
      injections: this.#injections,
      ...(this.#values.has('package') && { setup: this.#setup() }),
    };
  }

  #setup(): NonNullable<SetupCall['setup']> {
    const sha256 = this.#values.get('package-sha256');
    return {
      package: {
        url: this.#text('package'),
        maxBytes: this.#number('package-limit'),
        ...(sha256 !== undefined && { sha256 }),
      },
      configure: this.#text('configure') === 'yes',
      configmeta: this.#content('configmeta').toString(),
      helper: this.#content('helper'),
    };
  }

  #text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  #number(name: string): number {
    return Number(this.#values.get(name));
  }

  /** Contents follow each other in the order in which they are asked for here. */
  #content(name: string): Buffer {
    return this.#take(this.#number(name));
  }
}
