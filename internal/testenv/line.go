package testenv

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Line is a line to an S3 server on which things happen, as a test sets them.
type Line struct {
	URL      string       // the server's, over this line
	Requests atomic.Int64 // that went over it
	// Before is given each request, the n-th from 1 on. It may spoil it, answer it itself and return
	// true, or break the line by panicking with [http.ErrAbortHandler].
	Before func(n int64, w http.ResponseWriter, r *http.Request) (answered bool)
	// After may change the server's answer, or lose it by returning an error.
	After func(*http.Response) error
}

// Line puts a line before the server that ends with the test.
func (s S3Server) Line(t testing.TB) *Line {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is part of the signature
		},
		ModifyResponse: func(r *http.Response) error {
			if l.After == nil {
				return nil
			}
			return l.After(r)
		},
		ErrorLog:     log.New(io.Discard, "", 0), // what breaks is meant to
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := l.Requests.Add(1); l.Before == nil || !l.Before(n, w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	l.URL = server.URL
	return l
}
