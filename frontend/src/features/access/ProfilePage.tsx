import { Button, Progress, Select, Slider, Switch, TextInput, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Mic, Moon, Play, Sun, SunMoon, Volume2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useErrorText, useMe, useReport } from '@/api/react';
import { savePreferences, sessionKeys } from '@/api/session';
import { useTelephone } from '@/call/context';
import { audio, chooseAudio, meterStream, openMicrophone, playThrough, type AudioChoice } from '@/call/devices';
import { useDraft } from '@/lib/draft';
import { asLocale, localeNames, locales, useT, type Locale } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { useToast } from '@/ui/toast';
import { Segmented } from '@/ui/Segmented';
import { Page, Section } from '@/ui/kit';
import { PasswordForm } from './PasswordForm';
import { SecondFactor } from './SecondFactor';
import { MySessions } from './Sessions';
import { MyTokens } from './Tokens';

/** One's own language, colours, sound and security. */
export function ProfilePage(props: {
  onLocale(locale: Locale): void;
  onSignOut(): void;
  notices: React.ReactNode;
  shortcuts: React.ReactNode;
}) {
  const t = useT();
  const me = useMe();
  const report = useReport();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const locale = asLocale(me.preferences.locale) ?? asLocale(me.user.locale) ?? 'en';
  return (
    <Page
      title={t('profile.title')}
      testId="profile-page"
      lead={<span className="soft">{`${me.user.name} · ${me.user.login}`}</span>}
      actions={
        <Button variant="default" onClick={props.onSignOut} data-testid="sign-out">
          {t('profile.sign_out')}
        </Button>
      }
    >
      <div className="stack" style={{ maxWidth: 720, padding: '8px 20px 40px', gap: 20 }}>
        <Section title={t('profile.appearance')}>
          <div className="row" style={{ gap: 24, alignItems: 'flex-end' }}>
            <Select
              label={t('profile.language')}
              w={180}
              value={locale}
              onChange={(next) => next && props.onLocale(next as Locale)}
              data={locales.map((each) => ({ value: each, label: localeNames[each] }))}
              data-testid="profile-locale"
            />
            <Segmented
              value={colorScheme}
              label={t('profile.theme')}
              onChange={(theme: 'light' | 'dark' | 'auto') => {
                setColorScheme(theme);
                savePreferences({ theme }).catch(report);
              }}
              data={[
                { value: 'light', label: t('profile.theme.light'), icon: Sun, testId: 'theme-light' },
                { value: 'dark', label: t('profile.theme.dark'), icon: Moon, testId: 'theme-dark' },
                { value: 'auto', label: t('profile.theme.auto'), icon: SunMoon, testId: 'theme-auto' },
              ]}
            />
          </div>
        </Section>
        <Mobile />
        <Audio />
        <Section title={t('notify.title')}>{props.notices}</Section>
        <Section title={t('second.title')} testId="second-factor">
          <SecondFactor />
        </Section>
        <Section title={t('login.password')} testId="own-password">
          <PasswordForm />
        </Section>
        <Section title={t('sessions.mine')} testId="own-sessions">
          <MySessions />
        </Section>
        <Section title={t('token.title')} testId="own-tokens">
          <MyTokens />
        </Section>
        {props.shortcuts}
      </div>
    </Page>
  );
}

/** The number that one's own reminders go to. */
function Mobile() {
  const t = useT();
  const me = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const draft = useDraft<string>('profile.mobile', me.user.mobile);
  const save = useMutation({
    mutationFn: () => savePreferences({ mobile: draft.value.trim() }),
    onSuccess: (saved) => {
      cache.setQueryData(sessionKeys.me, saved);
      void cache.invalidateQueries({ queryKey: sessionKeys.users });
      draft.clear();
      toast.done(t('settings.saved'));
    },
  });
  return (
    <Section title={t('profile.mobile')}>
      <form
        className="row"
        style={{ alignItems: 'flex-end' }}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput
          type="tel"
          w={240}
          label={t('profile.mobile.label')}
          description={t('profile.mobile.help')}
          value={draft.value}
          onChange={(event) => draft.set(event.currentTarget.value)}
          error={save.isError ? errorText(save.error) : undefined}
          data-testid="profile-mobile"
        />
        {draft.dirty && (
          <Button type="submit" loading={save.isPending} data-testid="profile-mobile-save">
            {t('action.save')}
          </Button>
        )}
      </form>
    </Section>
  );
}

function Audio() {
  const t = useT();
  const toast = useToast();
  const { ringer, devicesChanged } = useTelephone();
  const { choice, inputs, outputs, access } = useStore(audio);
  const change = (part: Partial<AudioChoice>) => {
    chooseAudio(part);
    devicesChanged();
    toast.done(t('audio.changed'));
  };
  const list = (devices: MediaDeviceInfo[]) => [
    { value: '', label: t('audio.default') },
    ...devices
      .filter((device) => device.deviceId !== '' && device.deviceId !== 'default')
      .map((device, index) => ({ value: device.deviceId, label: device.label || t('audio.device', { n: index + 1 }) })),
  ];
  return (
    <Section title={t('audio.title')} testId="audio-settings">
      <div className="stack">
        {access !== 'granted' && (
          <div className="row">
            <span className="grow soft">{t(`phone.microphone.${access}`)}</span>
            <Button
              variant="default"
              onClick={() => void openMicrophone().then(stop, () => undefined)}
              data-testid="allow-microphone"
            >
              {t('audio.allow')}
            </Button>
          </div>
        )}
        <Select
          label={t('audio.microphone')}
          value={choice.microphone}
          onChange={(microphone) => change({ microphone: microphone ?? '' })}
          data={list(inputs)}
          data-testid="audio-microphone"
        />
        <Meter />
        <div className="row" style={{ alignItems: 'flex-end' }}>
          <Select
            className="grow"
            label={t('audio.speaker')}
            value={choice.speaker}
            onChange={(speaker) => change({ speaker: speaker ?? '' })}
            data={list(outputs)}
            data-testid="audio-speaker"
          />
          <Button
            variant="default"
            leftSection={<Volume2 size={14} aria-hidden />}
            onClick={() => void tone(choice.speaker)}
            data-testid="test-speaker"
          >
            {t('audio.test')}
          </Button>
        </div>
        <div className="row" style={{ alignItems: 'flex-end' }}>
          <Select
            className="grow"
            label={t('audio.ringer')}
            value={choice.ringer}
            onChange={(device) => change({ ringer: device ?? '' })}
            data={list(outputs)}
            data-testid="audio-ringer"
          />
          <Button
            variant="default"
            leftSection={<Play size={14} aria-hidden />}
            onClick={() => void ringer.test()}
            data-testid="test-ringer"
          >
            {t('audio.test')}
          </Button>
        </div>
        <div>
          <label id="ring-volume" style={{ fontWeight: 500 }}>
            {t('audio.volume')}
          </label>
          <Slider
            thumbProps={{ 'aria-labelledby': 'ring-volume' }}
            min={0}
            max={100}
            value={Math.round(choice.ringVolume * 100)}
            onChange={(value) => chooseAudio({ ringVolume: value / 100 })}
            label={(value) => `${value} %`}
          />
        </div>
        <Switch
          label={t('audio.processing')}
          checked={choice.processing}
          onChange={(event) => change({ processing: event.currentTarget.checked })}
          data-testid="audio-processing"
        />
      </div>
    </Section>
  );
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Listens to the chosen microphone only while the user asks for it. */
function Meter() {
  const t = useT();
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [level, setLevel] = useState(0);
  const device = useStore(audio).choice.microphone;
  const open = useRef(false);
  useEffect(() => {
    if (!stream) return;
    const end = meterStream(stream, setLevel);
    return () => {
      end();
      stop(stream);
      setLevel(0);
    };
  }, [stream]);
  useEffect(() => {
    if (!open.current) return;
    let current = true;
    openMicrophone().then(
      (next) => (current ? setStream(next) : stop(next)),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [device]);
  const toggle = async () => {
    open.current = !stream;
    setStream(stream ? null : await openMicrophone().catch(() => null));
  };
  return (
    <div className="row">
      <Progress
        className="grow"
        value={Math.min(100, level * 100)}
        color={level > 0.9 ? 'red' : 'accent'}
        aria-label={t('audio.level')}
        transitionDuration={50}
        data-testid="audio-level"
        data-level={level.toFixed(2)}
      />
      <Button
        variant="default"
        leftSection={<Mic size={14} aria-hidden />}
        onClick={() => void toggle()}
        data-testid="test-microphone"
      >
        {stream ? t('audio.stop') : t('audio.test')}
      </Button>
    </div>
  );
}

async function tone(device: string): Promise<void> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  gain.gain.value = 0.2;
  oscillator.frequency.value = 523;
  oscillator.connect(gain).connect(output);
  const element = new window.Audio();
  element.srcObject = output.stream;
  await playThrough(element, device);
  oscillator.start();
  await element.play().catch(() => undefined);
  oscillator.stop(context.currentTime + 0.6);
  oscillator.onended = () => void context.close();
}
