//go:build tools

// Package tools names the commands that gobuild.py builds, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "helm.sh/helm/v4/cmd/helm"
)
