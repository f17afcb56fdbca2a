import { ActionIcon, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download, Pause, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { recordingQuery } from '@/api/calls';
import { useErrorText } from '@/api/react';
import { playThrough, audio } from '@/call/devices';
import { clockText } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Waveform } from '@/ui/Waveform';
import css from './recording.module.css';

const speeds = [1, 1.25, 1.5, 2];
let playing: HTMLAudioElement | null = null;

/**
 * A recording: both channels as a picture, one player. Nothing is fetched of
 * the sound before somebody presses play, because every listening is logged.
 */
export function RecordingPlayer(props: { callId: number }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(recordingQuery(props.callId));
  const element = useRef<HTMLAudioElement>(null);
  const [progress, setProgress] = useState(0);
  const [active, setActive] = useState(false);
  const [failed, setFailed] = useState(false);
  const [speed, setSpeed] = useState(1);
  const recording = query.data;
  const seconds = (recording?.duration_ms ?? 0) / 1000;

  useEffect(() => {
    const own = element.current;
    return () => {
      if (own && playing === own) playing = null;
    };
  }, []);

  if (query.isError) return <p className={css.word}>{errorText(query.error)}</p>;
  if (!recording) return <Skeleton height={56} />;
  if (recording.state !== 'ready') {
    return (
      <p className={css.word} data-testid="recording-state" data-state={recording.state}>
        {t(`recording.${recording.state}`)}
      </p>
    );
  }

  async function toggle() {
    const own = element.current;
    if (!own) return;
    if (!own.paused) {
      own.pause();
      return;
    }
    if (playing && playing !== own) playing.pause();
    playing = own;
    setFailed(false);
    await playThrough(own, audio.get().choice.speaker);
    own.playbackRate = speed;
    await own.play().catch(() => setFailed(true));
  }

  function seek(to: number) {
    setProgress(to);
    if (element.current && seconds > 0) element.current.currentTime = to * seconds;
  }

  return (
    <div className={css.player} data-testid="recording-player" data-call-id={props.callId} data-playing={active}>
      <audio
        ref={element}
        src={recording.audio_url}
        preload="none"
        onPlay={() => setActive(true)}
        onPause={() => setActive(false)}
        onEnded={() => setActive(false)}
        onError={() => setFailed(true)}
        onTimeUpdate={(event) => seconds > 0 && setProgress(Math.min(1, event.currentTarget.currentTime / seconds))}
      />
      <ActionIcon
        size={36}
        radius="xl"
        variant="filled"
        color="accent"
        onClick={() => void toggle()}
        aria-label={active ? t('recording.pause') : t('recording.play')}
        data-testid="play-recording"
      >
        {active ? <Pause size={16} aria-hidden /> : <Play size={16} aria-hidden />}
      </ActionIcon>
      <div className={css.wave}>
        <Waveform
          client={recording.peaks.client ?? []}
          agent={recording.peaks.agent ?? []}
          progress={progress}
          durationS={seconds}
          onSeek={seek}
        />
        <div className={css.legend}>
          <time data-testid="recording-position">{clockText(progress * seconds)}</time>
          <span className={css.client}>{t('recording.client')}</span>
          <span className={css.agent}>{t('recording.agent')}</span>
          <span className="grow" />
          {failed && <span className={css.failed}>{t('recording.unplayable')}</span>}
          <time>{clockText(seconds)}</time>
        </div>
      </div>
      <button
        type="button"
        className={css.speed}
        aria-label={t('recording.speed')}
        onClick={() => {
          const next = speeds[(speeds.indexOf(speed) + 1) % speeds.length] ?? 1;
          setSpeed(next);
          if (element.current) element.current.playbackRate = next;
        }}
      >
        {speed}×
      </button>
      <ActionIcon
        component="a"
        href={recording.audio_url}
        download
        aria-label={t('recording.download')}
        title={t('recording.download')}
      >
        <Download size={15} aria-hidden />
      </ActionIcon>
    </div>
  );
}
