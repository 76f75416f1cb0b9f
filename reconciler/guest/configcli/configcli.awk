# configmeta, read and looked up. OPERATION and KEY come from the environment, since awk reads escapes in assignments.
#
# The document is taken apart at its quotes: what is between two of them is a string, the rest is short. Its values are kept by their
# paths: T is the type (m map, l list, s string, n number, b true or false, z null), V the value, N how many children, C their keys.

BEGIN {
  RS = "\""
  operation = ENVIRON["CONFIGCLI_OPERATION"]
  key = ENVIRON["CONFIGCLI_KEY"]
  depth = 0
  path[0] = "$"
  inside = 0
}

{
  if (!inside) {
    structure($0)
    inside = 1
    text = ""
    next
  }
  text = text $0
  if (ends_escaped(text)) {
    text = text "\""
    next
  }
  string(unescaped(text))
  inside = 0
}

END {
  if (failed) exit 1
  if (depth != 0 || !("$" in T)) fail("configmeta is not a JSON document")
  if (operation == "get") print_value(key)
  else if (operation == "fqdns") print_fqdns(key)
  else if (operation == "self_fqdns") print_fqdns(must("node.nodegroup_id"))
  else if (operation == "all_fqdns") print_fqdns("")
  else if (operation == "num_nodegroups") print N["$" SUBSEP "nodegroups"] + 0
  else if (operation == "self_id") print must("node.id")
  else if (operation == "self_index") print index_of(must("node.id"))
  else if (operation == "id") print id_of(key)
  else if (operation == "index") print index_of(id_of(key))
}

function fail(message) {
  print "configcli: " message | "cat >&2"
  close("cat >&2")
  failed = 1
  exit 1
}

# --- reading

function ends_escaped(s,   i, count) {
  count = 0
  for (i = length(s); i > 0 && substr(s, i, 1) == "\\"; i--) count++
  return count % 2
}

function structure(s,   i, c, word) {
  word = ""
  for (i = 1; i <= length(s) + 1; i++) {
    c = substr(s, i, 1)
    if (c ~ /[-+.0-9A-Za-z]/) {
      word = word c
      continue
    }
    if (word != "") scalar(word)
    word = ""
    if (c == "{") open("m")
    else if (c == "[") open("l")
    else if (c == "}" || c == "]") depth--
    else if (c == ":") named[depth] = 1
  }
}

function scalar(word) {
  if (word == "null") put("z", "")
  else if (word == "true" || word == "false") put("b", word)
  else put("n", word)
}

function string(s) {
  if (depth > 0 && kind[depth] == "m" && !named[depth]) name[depth] = s
  else put("s", s)
}

# The path of the value that comes next.
function place(   k) {
  if (depth == 0) return "$"
  k = kind[depth] == "m" ? name[depth] : N[path[depth]] + 0
  named[depth] = 0
  if (!((path[depth], k) in T)) C[path[depth], N[path[depth]]++] = k
  return path[depth] SUBSEP k
}

function put(type, value,   p) {
  p = place()
  T[p] = type
  V[p] = value
}

function open(type,   p) {
  p = place()
  T[p] = type
  N[p] = 0
  depth++
  path[depth] = p
  kind[depth] = type
  named[depth] = 0
}

function unescaped(s,   out, at, c) {
  out = ""
  while ((at = index(s, "\\")) > 0) {
    out = out substr(s, 1, at - 1)
    c = substr(s, at + 1, 1)
    if (c == "u") {
      code = hex(substr(s, at + 2, 4))
      s = substr(s, at + 6)
      if (code >= 55296 && code < 56320 && substr(s, 1, 2) == "\\u") {
        code = 65536 + (code - 55296) * 1024 + hex(substr(s, 3, 4)) - 56320
        s = substr(s, 7)
      }
      out = out utf8(code)
      continue
    }
    s = substr(s, at + 2)
    if (c == "n") c = "\n"
    else if (c == "t") c = "\t"
    else if (c == "r") c = "\r"
    else if (c == "b") c = "\b"
    else if (c == "f") c = "\f"
    out = out c
  }
  return out s
}

function hex(digits,   i, n) {
  n = 0
  for (i = 1; i <= 4; i++) n = n * 16 + index("123456789abcdef", tolower(substr(digits, i, 1)))
  return n
}

function utf8(n) {
  if (n < 128) return sprintf("%c", n)
  if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
  if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
  return sprintf("%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64)
}

# --- looking up

# The path of a dotted key. A map with `bdvlibrefkey` leads elsewhere; maps in a list are as one map, of which the last say it.
function find(dotted,   words, count, i, p, k, hops, n, rest) {
  count = split(dotted, words, ".")
  p = "$"
  i = 1
  for (;;) {
    if (T[p] == "m" && ((p, "bdvlibrefkey") in T)) {
      if (++hops > 100) return ""
      k = p SUBSEP "bdvlibrefkey"
      n = N[k]
      for (rest = i; rest <= count; rest++) moved[n + rest - i + 1] = words[rest]
      for (rest = 1; rest <= n; rest++) moved[rest] = V[k, rest - 1]
      count = n + count - i + 1
      for (rest = 1; rest <= count; rest++) words[rest] = moved[rest]
      p = "$"
      i = 1
      continue
    }
    if (i > count) return p
    k = words[i++]
    if (T[p] == "m" && ((p, k) in T)) {
      p = p SUBSEP k
      continue
    }
    if (T[p] != "l") return ""
    for (n = N[p] - 1; n >= 0; n--) if (T[p, n] == "m" && ((p, n, k) in T)) break
    if (n < 0) return ""
    p = p SUBSEP n SUBSEP k
  }
}

function must(dotted,   p) {
  p = find(dotted)
  if (p == "") fail("there is no " dotted)
  return V[p]
}

function print_value(dotted,   p) {
  p = find(dotted)
  if (p == "") fail("there is no " dotted)
  if (T[p] == "m") print keys_of(p)
  else if (T[p] == "l") print joined(p)
  else print V[p]
}

function keys_of(p,   i, out) {
  out = ""
  for (i = 0; i < N[p]; i++) out = out (i ? "," : "") C[p, i]
  return out
}

function joined(p,   i, j, out, key, seen) {
  out = ""
  for (i = 0; i < N[p]; i++) {
    if (T[p, i] != "m") {
      out = out (i ? "," : "") V[p, i]
      continue
    }
    for (j = 0; j < N[p, i]; j++) {
      key = C[p, i, j]
      if (!(key in seen)) out = out (out == "" ? "" : ",") key
      seen[key] = 1
    }
  }
  return out
}

# --- nodes. Visits every role of a group, or of all groups: its path in role_path[1..roles].

function visit(group,   groups, g, rs, i, j) {
  roles = 0
  groups = "$" SUBSEP "nodegroups"
  if (group != "" && !((groups, group) in T)) fail("there is no nodegroup " group)
  for (i = 0; i < N[groups]; i++) {
    g = C[groups, i]
    if (group != "" && g != group) continue
    rs = groups SUBSEP g SUBSEP "roles"
    for (j = 0; j < N[rs]; j++) role_path[++roles] = rs SUBSEP C[rs, j]
  }
}

function print_fqdns(group,   r, i, p, f, out, seen) {
  visit(group)
  out = ""
  for (r = 1; r <= roles; r++) {
    p = role_path[r] SUBSEP "fqdns"
    for (i = 0; i < N[p]; i++) {
      f = V[p, i]
      if (!(f in seen)) out = out (out == "" ? "" : ",") f
      seen[f] = 1
    }
  }
  print out
}

function id_of(fqdn,   r, p) {
  visit("")
  for (r = 1; r <= roles; r++) {
    p = role_path[r] SUBSEP "fqdn_mappings" SUBSEP fqdn
    if (p in T) return V[p]
  }
  fail("there is no node " fqdn)
}

# How many ids have a smaller number at their end.
function index_of(id,   r, p, i, smaller, found) {
  visit("")
  smaller = 0
  for (r = 1; r <= roles; r++) {
    p = role_path[r] SUBSEP "node_ids"
    for (i = 0; i < N[p]; i++) {
      if (V[p, i] == id "") found = 1
      else if (number_of(V[p, i]) < number_of(id)) smaller++
    }
  }
  if (!found) fail("there is no node with id " id)
  return smaller
}

function number_of(id) {
  return match(id, /[0-9]+$/) ? substr(id, RSTART) + 0 : -1
}
