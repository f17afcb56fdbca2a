//go:build !race

package e2e

// raceDetector tells that the tests were built without the race detector.
const raceDetector = false
