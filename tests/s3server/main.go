// SPDX-License-Identifier: Apache-2.0

// A server of S3 in memory, of another family than moto: gofakes3, as rclone has it, which
// checks the signature of every request by code that comes from MinIO. For tests only.
// conditions.go adds what it lacks.
package main

import (
	"log"
	"net"
	"net/http"
	"os"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// Usage: s3server ADDRESS KEY_ID SECRET
func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: s3server ADDRESS KEY_ID SECRET")
	}
	fake := gofakes3.New(&store{Backend: s3mem.New()}, gofakes3.WithV4Auth(map[string]string{os.Args[2]: os.Args[3]}))
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, withAsked(fake.Server())))
}
