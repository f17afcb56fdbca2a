import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { IntlProvider, useIntl } from 'react-intl';
import type en from './messages/en.json';

export const locales = ['en', 'es', 'ru'] as const;
export type Locale = (typeof locales)[number];
export type MessageKey = keyof typeof en;
export type Messages = Record<string, string>;
type Values = Record<string, string | number | Date | null | undefined>;

export const localeNames: Record<Locale, string> = { en: 'English', es: 'Español', ru: 'Русский' };

export function asLocale(text: string | null | undefined): Locale | null {
  const short = (text ?? '').slice(0, 2).toLowerCase();
  return (locales as readonly string[]).includes(short) ? (short as Locale) : null;
}

export async function loadMessages(locale: Locale): Promise<Messages> {
  const all = {
    en: () => import('./messages/en.json'),
    es: () => import('./messages/es.json'),
    ru: () => import('./messages/ru.json'),
  };
  return (await all[locale]()).default;
}

const known = createContext<Messages>({});

export function Translations(props: { locale: Locale; messages: Messages; timeZone?: string; children: ReactNode }) {
  return (
    <known.Provider value={props.messages}>
      <IntlProvider
        locale={props.locale}
        messages={props.messages}
        timeZone={props.timeZone}
        onError={(error) => {
          if (import.meta.env.DEV) throw error;
        }}
      >
        {props.children}
      </IntlProvider>
    </known.Provider>
  );
}

export type Translate = (key: MessageKey, values?: Values) => string;

/** The one door to words: every text on the screen comes through here. */
export function useT(): Translate {
  const intl = useIntl();
  return useMemo(() => (key, values) => intl.formatMessage({ id: key }, values), [intl]);
}

/**
 * A word for a code that the server may extend: the message `prefix.code` if
 * there is one, the plain code otherwise.
 */
export function useCode(): (prefix: string, code: string) => string {
  const intl = useIntl();
  const messages = useContext(known);
  return useMemo(
    () => (prefix, code) => {
      const id = `${prefix}.${code}`;
      return messages[id] ? intl.formatMessage({ id }) : code.replaceAll('_', ' ');
    },
    [intl, messages],
  );
}
