package testenv

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Env names another server to run the tests against, as http://KEY:SECRET@HOST:PORT.
const S3Env = "DEBRIEF_TEST_S3"

// S3Server is a running S3 server.
type S3Server struct {
	Endpoint  string // URL
	AccessKey string
	SecretKey string
	Folder    string // where our own server keeps its data; "" for one named by S3Env
}

// startLimit is how long a server may take to answer: 0.1 s on an idle machine, far more on a loaded one.
const startLimit = 5 * time.Minute

// S3 starts a server on a free port of this machine that ends with the test.
func S3(t testing.TB) S3Server {
	t.Helper()
	if env := os.Getenv(S3Env); env != "" {
		u, err := url.Parse(env)
		if err != nil || u.User == nil {
			t.Fatalf("%s is not http://KEY:SECRET@HOST:PORT", S3Env)
		}
		secret, _ := u.User.Password()
		return S3Server{Endpoint: u.Scheme + "://" + u.Host, AccessKey: u.User.Username(), SecretKey: secret}
	}
	program := server(t)
	s := S3Server{AccessKey: "test", SecretKey: rand.Text(), Folder: t.TempDir()}
	host := freePort(t)
	s.Endpoint = "http://" + host

	// The shell ends the server when its own input ends, so that a test that is killed leaves
	// none behind.
	cmd := exec.Command("sh", "-c", `"$@" & server=$!; cat >/dev/null; kill $server; wait $server`, "sh",
		program, "--quiet", "--port", host, "posix", s.Folder)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the S3 server: %v", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	if err := waitFor(host); err != nil {
		stdin.Close()
		cmd.Wait()
		t.Fatalf("S3 server does not answer: %v\n%s", err, log.String())
	}
	return s
}

// Use sets the environment so that storage.Open finds the server's keys, and nobody else's.
func (s S3Server) Use(t testing.TB) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_REGION", "us-east-1")
}

// Bucket makes a new bucket on the server and returns its name.
func (s S3Server) Bucket(t testing.TB) string {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	client, err := minio.New(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Region: "us-east-1",
	})
	if err == nil {
		err = client.MakeBucket(context.Background(), name, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	return name
}

var build sync.Once

// server is the path of the server's program, built when it is missing or out of date.
func server(t testing.TB) string {
	t.Helper()
	root := Root(t)
	build.Do(func() {
		if out, err := exec.Command(filepath.Join(root, "scripts", "test-tools.sh")).CombinedOutput(); err != nil {
			t.Fatalf("build the S3 server: %v\n%s", err, out)
		}
	})
	return filepath.Join(root, "bin", "tools", "versitygw")
}

// freePort asks the system for a port nobody uses.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor tries to connect until the server listens.
func waitFor(host string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(startLimit)
	for {
		c, err := net.Dial("tcp", host)
		if err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("after %v: %w", startLimit, err)
		}
	}
}
