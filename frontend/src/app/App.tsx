import { MantineProvider, type MantineColorScheme, type MantineColorSchemeManager } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiError, sessionLost } from '@/api/http';
import { MeContext } from '@/api/react';
import { savePreferences, sessionKeys, sessionQuery, signOut } from '@/api/session';
import type { Me } from '@/api/types';
import { Due } from '@/features/access/Due';
import { Login } from '@/features/access/Login';
import { asLocale, loadMessages, Translations, type Locale, type Messages } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { localStore } from '@/lib/storage';
import { Failed } from '@/ui/kit';
import { theme } from '@/ui/theme';
import { SignedIn } from './SignedIn';

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 20_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => !(error instanceof ApiError && error.status >= 400 && error.status < 500) && count < 3,
      retryDelay: (attempt) => Math.min(300 * 2 ** attempt, 4000),
    },
  },
});

const themeKey = 'centralita.theme';
const localeKey = 'centralita.locale';

/** The wish kept where theme.js finds it before the first paint. */
const schemes: MantineColorSchemeManager = {
  get: (fallback) => {
    const kept = localStore.get(themeKey);
    return kept === 'light' || kept === 'dark' || kept === 'auto' ? kept : fallback;
  },
  set: (value: MantineColorScheme) => localStore.set(themeKey, value),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => localStore.remove(themeKey),
};

function firstLocale(): Locale {
  return asLocale(localStore.get(localeKey)) ?? asLocale(navigator.language) ?? 'en';
}

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes}>
      <QueryClientProvider client={queryClient}>
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Gate() {
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const [locale, setLocale] = useState<Locale>(firstLocale);
  const [messages, setMessages] = useState<{ locale: Locale; messages: Messages } | null>(null);
  const lost = useStore(sessionLost);
  const me = session.data ?? null;
  const preferred = asLocale(me?.preferences.locale) ?? asLocale(me?.user.locale);

  useEffect(() => {
    if (preferred) setLocale(preferred);
  }, [preferred]);

  useEffect(() => {
    let current = true;
    void loadMessages(locale).then((loaded) => {
      if (!current) return;
      document.documentElement.lang = locale;
      setMessages({ locale, messages: loaded });
    });
    return () => {
      current = false;
    };
  }, [locale]);

  function choose(next: Locale) {
    localStore.set(localeKey, next);
    setLocale(next);
    if (!me) return;
    void savePreferences({ locale: next })
      .then((saved) => client.setQueryData(sessionKeys.me, saved))
      .catch(() => undefined);
  }

  function entered(fresh: Me) {
    const other = me !== null && me.user.id !== fresh.user.id;
    sessionLost.set(false);
    if (other) client.clear();
    client.setQueryData(sessionKeys.me, fresh);
    void client.invalidateQueries({ predicate: (query) => query.queryKey !== sessionKeys.me });
  }

  if (!messages) return null;
  return (
    <Translations locale={messages.locale} messages={messages.messages} timeZone={me?.firm.time_zone || undefined}>
      <Notifications position="bottom-left" limit={4} zIndex={400} />
      {session.isPending ? null : session.isError ? (
        <Failed text={session.error.message} retry={() => void session.refetch()} />
      ) : me?.due && !lost ? (
        <MeContext.Provider value={me}>
          <Due
            what={me.due}
            onDone={() => void session.refetch()}
            onSignOut={() => {
              void signOut()
                .catch(() => undefined)
                .then(() => client.setQueryData(sessionKeys.me, null));
            }}
          />
        </MeContext.Provider>
      ) : me ? (
        <MeContext.Provider value={me}>
          <SignedIn key={me.user.id} me={me} onLocale={choose} locked={lost} />
          {lost && (
            <div className="lock-screen">
              <Login locale={locale} onLocale={choose} onSignedIn={entered} knownLogin={me.user.login} />
            </div>
          )}
        </MeContext.Provider>
      ) : (
        <Login locale={locale} onLocale={choose} onSignedIn={entered} />
      )}
    </Translations>
  );
}
