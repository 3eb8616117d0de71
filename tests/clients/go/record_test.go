package example

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/containerd/v2/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// A record keeps every answer that a client gets, so that those of two servers can be compared.
type record struct {
	mutex   sync.Mutex
	answers map[string][]string
}

func (r *record) add(method string, answer any, err error) {
	text := "ok"
	switch message, ok := answer.(proto.Message); {
	case err == io.EOF:
		text = "end"
	case err != nil:
		text = err.Error()
	case ok:
		// What it prints has blanks that differ from build to build.
		text = strings.Join(strings.Fields(prototext.MarshalOptions{}.Format(message)), " ")
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.answers[method] = append(r.answers[method], text)
}

type recordedStream struct {
	grpc.ClientStream
	receive func(message any) error
}

func (s recordedStream) RecvMsg(message any) error { return s.receive(message) }

// recorded makes a client write its answers to the file `go` in the folder that ANSWERS names when the test ends: by method, for streams
// are answered beside other calls.
func recorded(t *testing.T) client.Opt {
	r := record{answers: map[string][]string{}}
	t.Cleanup(func() {
		folder := os.Getenv("ANSWERS")
		if folder == "" {
			return
		}
		r.mutex.Lock()
		defer r.mutex.Unlock()
		var lines []string
		for method, answers := range r.answers {
			for number, answer := range answers {
				lines = append(lines, fmt.Sprintf("%s %04d %s\n", method, number, answer))
			}
		}
		slices.Sort(lines)
		check(t, os.WriteFile(filepath.Join(folder, "go"), []byte(strings.Join(lines, "")), 0o600))
	})
	unary := func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
		err := call(ctx, method, request, reply, conn, options...)
		r.add(method, reply, err)
		return err
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := open(ctx, desc, conn, method, options...)
		if err != nil {
			return nil, err
		}
		return recordedStream{stream, func(message any) error {
			err := stream.RecvMsg(message)
			// What ended by our own will ended at a moment of our own.
			if ctx.Err() == nil {
				r.add(method, message, err)
			}
			return err
		}}, nil
	}
	return client.WithExtraDialOpts([]grpc.DialOption{
		grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream),
	})
}
