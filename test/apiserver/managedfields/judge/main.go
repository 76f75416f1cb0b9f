// The judge: asks Kubernetes' own structured-merge-diff library what a write makes of an object and of the sets of its managers.
//
// Reads one case a line as JSON from its input and writes one verdict a line. A schema is given once and counts until the next one.
// Versions differ in this: in v2 every declared field is called as in v1 with a z before it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/schema"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
	"sigs.k8s.io/structured-merge-diff/v4/value"
)

type entry struct {
	Version string          `json:"version"`
	Applied bool            `json:"applied"`
	Fields  json.RawMessage `json:"fields"`
}

type question struct {
	// Schema is in the library's own dialect.
	Schema string `json:"schema"`
	// Operation is "update" or "apply".
	Operation string                     `json:"operation"`
	Live      interface{}                `json:"live"`
	Object    interface{}                `json:"object"`
	Manager   string                     `json:"manager"`
	Version   string                     `json:"version"`
	Force     bool                       `json:"force"`
	Managers  map[string]entry           `json:"managers"`
	Ignored   map[string]json.RawMessage `json:"ignored"`
}

type conflict struct {
	Manager string `json:"manager"`
	Path    string `json:"path"`
}

type verdict struct {
	Object    interface{}      `json:"object,omitempty"`
	Managers  map[string]entry `json:"managers,omitempty"`
	Conflicts []conflict       `json:"conflicts,omitempty"`
	Error     string           `json:"error,omitempty"`
}

func main() {
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	var parser *typed.Parser
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		// Numbers as the library reads them: whole ones are integers.
		asked.Live, asked.Object = numbers(line, "live"), numbers(line, "object")
		if asked.Schema != "" {
			if parser, err = typed.NewParser(typed.YAMLObject(asked.Schema)); err != nil {
				panic(err)
			}
		}
		text, err := json.Marshal(answer(parser, asked))
		if err != nil {
			panic(err)
		}
		output.Write(text)
		output.WriteByte('\n')
		output.Flush()
	}
}

func numbers(line []byte, field string) interface{} {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(line, &parts); err != nil || parts[field] == nil {
		return nil
	}
	read, err := value.FromJSON(parts[field])
	if err != nil {
		panic(err)
	}
	return read.Unstructured()
}

func answer(parser *typed.Parser, asked question) (result verdict) {
	live, err := parser.Type(asked.Version).FromUnstructured(asked.Live)
	if err != nil {
		return verdict{Error: "live: " + err.Error()}
	}
	object, err := parser.Type(asked.Version).FromUnstructured(asked.Object)
	if err != nil {
		return verdict{Error: err.Error()}
	}
	managers := fieldpath.ManagedFields{}
	for name, given := range asked.Managers {
		managers[name] = fieldpath.NewVersionedSet(set(given.Fields), fieldpath.APIVersion(given.Version), given.Applied)
	}
	ignored := map[fieldpath.APIVersion]*fieldpath.Set{}
	for version, fields := range asked.Ignored {
		ignored[fieldpath.APIVersion(version)] = set(fields)
	}
	updater := merge.Updater{Converter: converter{parser}, IgnoredFields: ignored}
	var after *typed.TypedValue
	if asked.Operation == "apply" {
		after, managers, err = updater.Apply(live, object, fieldpath.APIVersion(asked.Version), managers, asked.Manager, asked.Force)
	} else {
		after, managers, err = updater.Update(live, object, fieldpath.APIVersion(asked.Version), managers, asked.Manager)
	}
	if conflicts, ok := err.(merge.Conflicts); ok {
		for _, found := range conflicts {
			result.Conflicts = append(result.Conflicts, conflict{found.Manager, found.Path.String()})
		}
		return result
	}
	if err != nil {
		return verdict{Error: err.Error()}
	}
	if after == nil {
		after = live
	}
	result.Object = after.AsValue().Unstructured()
	result.Managers = map[string]entry{}
	for name, versioned := range managers {
		text, err := versioned.Set().ToJSON()
		if err != nil {
			panic(err)
		}
		result.Managers[name] = entry{string(versioned.APIVersion()), versioned.Applied(), text}
	}
	return result
}

func set(text []byte) *fieldpath.Set {
	read := fieldpath.NewSet()
	if err := read.FromJSON(bytes.NewReader(text)); err != nil {
		panic(err)
	}
	return read
}

type converter struct{ parser *typed.Parser }

var errMissing = errors.New("no such version")

func (c converter) IsMissingVersionError(err error) bool { return err == errMissing }

func (c converter) Convert(object *typed.TypedValue, version fieldpath.APIVersion) (*typed.TypedValue, error) {
	from, to := *object.TypeRef().NamedType, string(version)
	if from == to {
		return object, nil
	}
	if _, known := c.parser.Schema.FindNamedType(to); !known {
		return object, errMissing
	}
	renamed := rename(object.Schema(), object.TypeRef(), object.AsValue().Unstructured(), to == "v2")
	if fields, ok := renamed.(map[string]interface{}); ok {
		delete(fields, "apiVersion")
		fields["apiVersion"] = to
	}
	return c.parser.Type(to).FromUnstructured(renamed)
}

// rename gives declared fields the names of the other version; those of the object itself are the same in all.
func rename(types *schema.Schema, ref schema.TypeRef, given interface{}, prefix bool) interface{} {
	atom, _ := types.Resolve(ref)
	switch typedGiven := given.(type) {
	case map[string]interface{}:
		if atom.Map == nil {
			return given
		}
		result := map[string]interface{}{}
		for name, inner := range typedGiven {
			field, declared := atom.Map.FindField(name)
			if !declared {
				result[name] = rename(types, atom.Map.ElementType, inner, prefix)
				continue
			}
			if ref.NamedType == nil {
				if prefix {
					name = "z" + name
				} else {
					name = strings.TrimPrefix(name, "z")
				}
			}
			result[name] = rename(types, field.Type, inner, prefix)
		}
		return result
	case []interface{}:
		if atom.List == nil {
			return given
		}
		result := []interface{}{}
		for _, inner := range typedGiven {
			result = append(result, rename(types, atom.List.ElementType, inner, prefix))
		}
		return result
	}
	return given
}
