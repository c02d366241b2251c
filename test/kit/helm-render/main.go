// Renders a Helm chart as `helm template` does, for the part of Helm that our chart uses: text/template with sprig's functions
// and include, tpl, required, toYaml, fromYaml. There is no helm binary where the tests run; Debian has Go and sprig.
//
//	helm-render CHART RELEASE NAMESPACE [VALUES_FILE]
//
// Prints every rendered template (NOTES.txt too) behind a line "--- # FILE"; a template that fails ends it with exit code 1.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type values = map[string]interface{}

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: helm-render CHART RELEASE NAMESPACE [VALUES_FILE]"))
	}
	chart, release, namespace := os.Args[1], os.Args[2], os.Args[3]
	given := readYaml(filepath.Join(chart, "values.yaml"))
	if len(os.Args) > 4 {
		given = merged(given, readYaml(os.Args[4]))
	}
	about := readYaml(filepath.Join(chart, "Chart.yaml"))
	context := values{
		"Values":  given,
		"Chart":   values{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": values{"Name": release, "Namespace": namespace, "Service": "Helm"},
	}
	render(filepath.Join(chart, "templates"), context)
}

func render(folder string, context values) {
	templates, files := parse(folder)
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "_") {
			continue
		}
		var out bytes.Buffer
		if err := templates.ExecuteTemplate(&out, filepath.Base(file), context); err != nil {
			fail(err)
		}
		// Helm prints nothing there; for us it is a value that the chart's values do not have.
		if strings.Contains(out.String(), "<no value>") {
			fail(fmt.Errorf("%s: a value that values.yaml does not have:\n%s", filepath.Base(file), out.String()))
		}
		fmt.Printf("--- # %s\n%s\n", filepath.Base(file), out.String())
	}
}

func parse(folder string) (*template.Template, []string) {
	templates := template.New("chart").Option("missingkey=zero")
	templates.Funcs(functions(templates))
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		fail(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			fail(err)
		}
		if _, err := templates.New(filepath.Base(file)).Parse(string(text)); err != nil {
			fail(err)
		}
	}
	return templates, files
}

func functions(templates *template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	all["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := templates.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	all["tpl"] = func(text string, data interface{}) (string, error) {
		copied, err := templates.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := copied.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = parsed.Execute(&out, data)
		return out.String(), err
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	all["toYaml"] = func(value interface{}) (string, error) {
		out, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(out), "\n"), err
	}
	all["fromYaml"] = func(text string) (values, error) {
		out := values{}
		err := yaml.Unmarshal([]byte(text), &out)
		return out, err
	}
	return all
}

// As Helm lays a user's values over the chart's: maps are merged, everything else is replaced.
func merged(base, over values) values {
	out := values{}
	for key, value := range base {
		out[key] = value
	}
	for key, value := range over {
		below, isMap := value.(values)
		if existing, wasMap := out[key].(values); isMap && wasMap {
			out[key] = merged(existing, below)
		} else {
			out[key] = value
		}
	}
	return out
}

func readYaml(file string) values {
	text, err := os.ReadFile(file)
	if err != nil {
		fail(err)
	}
	out := values{}
	if err := yaml.Unmarshal(text, &out); err != nil {
		fail(fmt.Errorf("%s: %w", file, err))
	}
	return out
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
