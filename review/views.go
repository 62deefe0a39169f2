package review

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"debrief"
)

//go:embed templates
var templateFiles embed.FS

// view is what one template shows: each page has a struct of its own around a [shell].
type view interface {
	template() string
	frame() *shell
}

// shell is what every page has.
type shell struct {
	Title  string
	Crumbs []crumb           // the way here, without the page itself
	Static string            // prefix of scripts and styles
	Script string            // the page's module, "" for none
	Live   string            // address of the page's stream of events, "" for none
	Seen   string            // version of what the page shows, as the stream names it; "" for whichever it names first
	Upload bool              // there is a page to bring recordings in
	Text   map[string]string // strings the module shows
	Lang   string
}

func (s *shell) frame() *shell { return s }

// crumb is one step of the way to a page.
type crumb struct{ Label, Href string }

type errorPage struct {
	shell
	Code            int
	Heading, Advice string
}

func (errorPage) template() string { return "error.html" }

// views holds the parsed templates by name.
type views struct{ byName map[string]*template.Template }

func newViews(text *catalogue) (*views, error) {
	funcs := template.FuncMap{"t": text.get, "n": text.count, "seconds": seconds}
	pages, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	v := &views{byName: map[string]*template.Template{}}
	for _, p := range pages {
		if p.IsDir() {
			continue
		}
		t, err := template.New("shell.html").Funcs(funcs).Option("missingkey=error").
			ParseFS(templateFiles, "templates/parts/*.html", "templates/"+p.Name())
		if err != nil {
			return nil, fmt.Errorf("parse template: %w", err)
		}
		v.byName[p.Name()] = t
	}
	return v, nil
}

// part renders one part of a page alone.
func (v *views) part(name string, data any) (string, error) {
	var buf strings.Builder
	err := v.byName["recording.html"].ExecuteTemplate(&buf, name, data)
	return buf.String(), err
}

// part renders one part of a page alone, of what has been checked before: it can fail only by a
// fault of the template, which the log tells.
func (p *Page) part(name string, data any) string {
	html, err := p.views.part(name, data)
	if err != nil {
		p.Log.Error("render a part", "part", name, "err", err)
	}
	return html
}

// seconds prints a position as scripts read it.
func seconds(s debrief.Samples) string { return strconv.FormatFloat(s.Seconds(), 'f', 3, 64) }

// page adapts a handler that returns what is to be shown.
func (p *Page) page(show func(*http.Request) (view, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := show(r)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		p.write(w, r, http.StatusOK, v)
	}
}

// write renders to a buffer first: a template that fails half way must not have sent half a page.
func (p *Page) write(w http.ResponseWriter, r *http.Request, code int, v view) {
	s := v.frame()
	s.Static, s.Lang = p.static.prefix, p.text.lang
	s.Upload = p.Intake != nil
	if s.Script != "" || s.Live != "" {
		s.Text = p.text.under("js.")
	}
	var buf bytes.Buffer
	if err := p.views.byName[v.template()].Execute(&buf, v); err != nil {
		p.Log.Error("render a page", "template", v.template(), "err", err)
		http.Error(w, p.text.get("error.internal"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(code)
	if _, err := buf.WriteTo(w); err != nil {
		p.Log.Debug("send a page", "route", r.Pattern, "err", err)
	}
}
