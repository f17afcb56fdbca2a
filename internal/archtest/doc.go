// Package archtest is the fence between the rooms, as tests: who may import
// whom, where each outside library lives, and which idioms have no place here.
// Each rule carries its reason; when one is in the way, change the rule and its
// reason in the open. It holds no code of the product.
package archtest
