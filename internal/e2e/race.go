//go:build race

package e2e

// raceDetector tells that the tests were built with the race detector.
const raceDetector = true
