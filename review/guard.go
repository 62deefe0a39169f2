package review

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"debrief"
)

// contentPolicy lets a page use what this server sends and nothing else: no inline script or
// style, no other host, no frame around it.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
	"img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard stands before every route: who may ask, and what a browser may do with the answer.
func (p *Page) guard(next http.Handler) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, debrief.ErrDenied)
	}))
	checked := csrf.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		// What a client said stays out of the browser's disk cache.
		h.Set("Cache-Control", "no-store")
		if len(p.Hosts) > 0 && !slices.Contains(p.Hosts, hostname(r.Host)) {
			p.fail(w, r, debrief.ErrDenied)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]") // an IPv6 address without a port
}

// status is the one place that maps an error to an answer: the HTTP status and the key of the
// text a person reads. The error's own words go to the log only.
func status(err error) (code int, key string) {
	switch {
	case errors.Is(err, debrief.ErrNotFound):
		return http.StatusNotFound, "error.not_found"
	case errors.Is(err, debrief.ErrInvalid), errors.Is(err, debrief.ErrUnknownPrompt):
		return http.StatusBadRequest, "error.invalid"
	case errors.Is(err, debrief.ErrDenied):
		return http.StatusForbidden, "error.denied"
	case errors.Is(err, debrief.ErrConflict):
		return http.StatusConflict, "error.conflict"
	case errors.Is(err, debrief.ErrUnavailable):
		return http.StatusServiceUnavailable, "error.unavailable"
	}
	return http.StatusInternalServerError, "error.internal"
}

// fail answers with an error page. A request that was given up gets nothing: nobody reads it.
func (p *Page) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	code, key := status(err)
	if code >= http.StatusInternalServerError {
		p.Log.Error("answer a request", "method", r.Method, "route", r.Pattern, "err", err)
	}
	v := errorPage{Code: code, Heading: p.text.get(key), Advice: p.text.get(key + ".advice")}
	v.Title = v.Heading
	p.write(w, r, code, &v)
}

// raw adapts a handler that writes its own answer and has written nothing when it returns an error.
func (p *Page) raw(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r); err != nil {
			p.fail(w, r, err)
		}
	}
}
