package web

import (
	"context"
	"net/http"
	"time"
)

// SessionCookieName is the cookie that holds the session token.
const SessionCookieName = "centralita_session"

// SessionCookie returns the cookie that keeps token in the browser for life.
// Scripts cannot read it, other sites cannot send it with unsafe requests, and
// over https it is Secure. Put it into a header field tagged Set-Cookie.
func SessionCookie(ctx context.Context, token string, life time.Duration) http.Cookie {
	return http.Cookie{
		Name: SessionCookieName, Value: token, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: RequestFrom(ctx).Secure,
	}
}

// ClearedSessionCookie returns the cookie that makes the browser forget.
func ClearedSessionCookie(ctx context.Context) http.Cookie {
	c := SessionCookie(ctx, "", 0)
	c.MaxAge = -1
	return c
}
