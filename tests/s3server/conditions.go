// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// What S3 has and gofakes3 has not: writes on a condition (If-Match, If-None-Match: *), HEAD of a version, and
// lists without what was deleted. The request's headers reach the store by its context; what came of a
// condition reaches the answer the same way.
type asked struct {
	ifMatch, version string
	ifNone           bool
	status           int // 0: the condition held
}

type key struct{}

type answer struct {
	http.ResponseWriter
	asked *asked
}

func (a answer) WriteHeader(status int) {
	if a.asked.status != 0 {
		status = a.asked.status
	}
	a.ResponseWriter.WriteHeader(status)
}

func withAsked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &asked{version: r.URL.Query().Get("versionId")}
		if r.Method == http.MethodPut || r.Method == http.MethodPost {
			a.ifMatch, a.ifNone = strings.Trim(r.Header.Get("If-Match"), `"`), r.Header.Get("If-None-Match") == "*"
		}
		next.ServeHTTP(answer{w, a}, r.WithContext(context.WithValue(r.Context(), key{}, a)))
	})
}

func askedOf(ctx context.Context) *asked {
	if a, ok := ctx.Value(key{}).(*asked); ok {
		return a
	}
	return &asked{}
}

type store struct {
	*s3mem.Backend
	writing sync.Mutex
}

// The status that a condition that does not hold is answered with; 0 where it does.
func (s *store) check(ctx context.Context, a *asked, bucket, object string) int {
	there, err := s.Backend.HeadObject(ctx, bucket, object)
	switch {
	case a.ifNone && err == nil:
		return http.StatusPreconditionFailed
	case a.ifMatch != "" && err != nil:
		return http.StatusNotFound
	case a.ifMatch != "" && hex.EncodeToString(there.Hash) != a.ifMatch:
		return http.StatusPreconditionFailed
	}
	return 0
}

// The body is here before the lock is: a client that stops halfway keeps nobody from writing.
func (s *store) PutObject(ctx context.Context, bucket, object string, meta map[string]string, input io.Reader, size int64) (gofakes3.PutObjectResult, error) {
	body, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	a := askedOf(ctx)
	if a.status = s.check(ctx, a, bucket, object); a.status == http.StatusNotFound {
		return gofakes3.PutObjectResult{}, gofakes3.KeyNotFound(object)
	}
	if a.status != 0 {
		return gofakes3.PutObjectResult{}, gofakes3.ErrorMessage("PreconditionFailed", "what is there is not what the request says")
	}
	return s.Backend.PutObject(ctx, bucket, object, meta, bytes.NewReader(body), size)
}

func (s *store) HeadObject(ctx context.Context, bucket, object string) (*gofakes3.Object, error) {
	version := askedOf(ctx).version
	if version == "" {
		return s.Backend.HeadObject(ctx, bucket, object)
	}
	there, err := s.Backend.HeadObjectVersion(bucket, object, gofakes3.VersionID(version))
	if errors.Is(err, gofakes3.ErrNoSuchVersion) {
		return nil, gofakes3.KeyNotFound(object)
	}
	return there, err
}

func (s *store) ListBucket(ctx context.Context, bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	list, err := s.Backend.ListBucket(ctx, bucket, prefix, page)
	if err != nil {
		return nil, err
	}
	kept := list.Contents[:0]
	for _, item := range list.Contents {
		if _, err := s.Backend.HeadObject(ctx, bucket, item.Key); err == nil {
			kept = append(kept, item)
		}
	}
	list.Contents = kept
	return list, nil
}
