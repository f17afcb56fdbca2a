package access

// A hundred passwords are made in these tests; nobody is to guess them.
func init() { hashing.Memory, hashing.Iterations = 1024, 1 }
