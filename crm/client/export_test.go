package client

// SQLByReading is the look-up, for the benchmark's bare peer.
const SQLByReading = sqlByReading
