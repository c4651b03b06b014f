#!/usr/bin/env bash
# Builds every fuzz target, as OSS-Fuzz has it: from the folder of the module,
# with a command compile_native_go_fuzzer PACKAGE TARGET NAME.
set -eu

for package in $(go list ./...); do
	folder=$(go list -f '{{.Dir}}' "$package")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$folder"/*_test.go 2>/dev/null); do
		compile_native_go_fuzzer "$package" "$target" "$(basename "$folder")_$target"
	done
done
