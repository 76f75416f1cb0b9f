"""configcli as a module: what a setup package that is written in Python asks about its cluster.

    from configcli import ConfigCli
    namespace = ConfigCli(shell=False).getCommandObject('namespace')
    role = namespace.getValue('node.role_id')

Values come as they are in configmeta; maps as the list of their keys. The commands of the shell are in configcli.sh, which a table of
tests keeps equal to this.
"""

import json

_META = '/etc/guestconfig/configmeta.json'
_NAMESPACES = ('version', 'node', 'cluster', 'distros', 'services', 'tenant', 'auth', 'platform', 'connections')
_REF = 'bdvlibrefkey'


class KeyError(Exception):  # The name that scripts catch.
    """There is nothing under a key."""


class _Configmeta(object):
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.document = json.loads(file.read().decode('utf-8'))

    def find(self, words):
        """What is under a path; a map with a reference leads elsewhere, and maps in a list are as one map."""
        data, rest, hops = self.document, list(words), 0
        while True:
            if isinstance(data, dict) and _REF in data:
                hops += 1
                if hops > 100:
                    raise KeyError('there is no %s' % '.'.join(words))
                data, rest = self.document, list(data[_REF]) + rest
                continue
            if not rest:
                return data
            if isinstance(data, list):
                merged = {}
                for part in data:
                    if isinstance(part, dict):
                        merged.update(part)
                data = merged
            if not isinstance(data, dict) or rest[0] not in data:
                raise KeyError('there is no %s' % '.'.join(words))
            data = data[rest.pop(0)]

    def value(self, words):
        found = self.find(words)
        return list(found) if isinstance(found, dict) else found

    def roles(self, group=None):
        groups = self.find(['nodegroups'])
        if group is not None and group not in groups:
            raise KeyError('there is no nodegroup %s' % group)
        return [role for name, value in groups.items() if group in (None, name) for role in value['roles'].values()]


class Namespace(object):
    """Values under dotted keys, whose first word is one of a few."""

    def __init__(self, configmeta):
        self.configmeta = configmeta

    def getValue(self, key):
        return self.getWithTokens(key.split('.'))

    def searchForToken(self, start, word):
        """The paths below a path that end in a word, references not followed."""
        found = []

        def look(path, data):
            for name, value in data.items() if isinstance(data, dict) else ():
                if name == word:
                    found.append(path + [name])
                else:
                    look(path + [name], value)

        look(list(start), self.configmeta.find(start))
        return found

    def getWithTokens(self, words):
        if words[0] not in _NAMESPACES:
            raise KeyError('there is no namespace %s' % words[0])
        return self.configmeta.value(words)


class Macro(object):
    """What takes more than one look."""

    def __init__(self, configmeta):
        self.configmeta = configmeta

    def getNodeIdSelf(self):
        return self.configmeta.find(['node', 'id'])

    def getNodeIndexSelf(self):
        return self._index(self.getNodeIdSelf())

    def getNodeIdFromFqdn(self, fqdn):
        for role in self.configmeta.roles():
            if fqdn in role['fqdn_mappings']:
                return role['fqdn_mappings'][fqdn]
        raise KeyError('there is no node %s' % fqdn)

    def getNodeIndexFromFqdn(self, fqdn):
        return self._index(self.getNodeIdFromFqdn(fqdn))

    def getNumNodegroups(self):
        return len(self.configmeta.find(['nodegroups']))

    def getLocalGroupHosts(self):
        return self.getNodegroupFqdns(self.configmeta.find(['node', 'nodegroup_id']))

    def getNodegroupFqdns(self, group):
        return self._fqdns(self.configmeta.roles(str(group)))

    def getClusterFqdns(self):
        return self._fqdns(self.configmeta.roles())

    @staticmethod
    def _fqdns(roles):
        found = []
        for role in roles:
            found.extend(fqdn for fqdn in role['fqdns'] if fqdn not in found)
        return found

    def _index(self, node):
        nodes = [one for role in self.configmeta.roles() for one in role['node_ids']]
        if node not in nodes:
            raise KeyError('there is no node with id %s' % node)
        return str(sum(1 for one in nodes if self._number(one) < self._number(node)))

    @staticmethod
    def _number(node):
        digits = node[len(node.rstrip('0123456789')) :]
        return int(digits) if digits else -1


class ConfigCli(object):
    """`shell` is for the interactive use that there is not."""

    def __init__(self, shell=False):
        configmeta = _Configmeta(_META)
        self.commands = {'namespace': Namespace(configmeta), 'macro': Macro(configmeta)}

    def getCommandObject(self, name):
        return self.commands.get(name)
