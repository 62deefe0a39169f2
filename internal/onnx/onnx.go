// Package onnx reads, edits and writes ONNX model files: just enough of the format to
// prepare, at set-up, the models this program runs.
//
// Call [Parse] for a file's bytes, change the [Model] it returns, and [Model.Marshal] it; or
// write a graph from nothing with a [Builder].
//
// The package knows no particular model, never runs one (see internal/ort) and never touches
// a file. Fields it has no name for are kept byte for byte, so a file that is read and
// written again is the same model. Field numbers are those of onnx.proto.
package onnx
