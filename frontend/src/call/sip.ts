import type { UA } from 'jssip/lib/UA';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { PhoneAccount } from '@/api/types';
import { audio, microphoneConstraints, openMicrophone, playThrough } from './devices';
import { QualityMeter, type Quality } from './quality';

export type Registration = 'off' | 'connecting' | 'registered' | 'lost' | 'refused';

/** An INVITE that reached this browser. */
export interface Invitation {
  callId: number;
  auto: boolean;
  kind: string;
}

export interface SipEvents {
  registration(state: Registration): void;
  invited(invitation: Invitation): void;
  established(callId: number): void;
  /** The leg is gone; `reason` says why where it failed. */
  gone(callId: number, reason: string): void;
  quality(callId: number, quality: Quality | null): void;
}

/** The telephone line of this browser; `SipPhone` is the real one. */
export interface PhoneLine {
  start(): void;
  stop(): void;
  answer(callId: number): void;
  refuse(callId: number): void;
  hangup(callId: number): void;
  setMuted(callId: number, muted: boolean): void;
}

const sampleEveryMs = 2000;

/** The telephone's own code; its load begins before anybody knows who sits here, so that a reload costs a talk little. */
const load = () => import('jssip');
let library: ReturnType<typeof load> | null = null;
export function loadTelephone(): ReturnType<typeof load> {
  library ??= load().catch((error: unknown) => {
    library = null;
    throw error;
  });
  return library;
}

interface Leg {
  session: RTCSession;
  sampling: ReturnType<typeof setInterval> | null;
  muted: boolean;
  sound: HTMLAudioElement;
}

/** JsSIP behind our own words: registration, legs by call id, devices. */
export class SipPhone implements PhoneLine {
  private ua: UA | null = null;
  private stopped = false;
  private readonly legs = new Map<number, Leg>();

  constructor(
    private readonly account: PhoneAccount,
    private readonly events: SipEvents,
  ) {}

  start(): void {
    this.stopped = false;
    this.events.registration('connecting');
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.ua?.stop();
    this.ua = null;
    for (const id of [...this.legs.keys()]) this.forget(id);
    this.events.registration('off');
  }

  answer(callId: number): void {
    const leg = this.legs.get(callId);
    if (!leg) return;
    openMicrophone()
      .then((mediaStream) => {
        leg.session.answer({ mediaStream, pcConfig: { iceServers: [] } });
        leg.session.once('ended', () => stopTracks(mediaStream));
        leg.session.once('failed', () => stopTracks(mediaStream));
      })
      .catch(() => {
        leg.session.terminate({ status_code: 480 });
        this.events.gone(callId, 'microphone');
      });
  }

  refuse(callId: number): void {
    this.legs.get(callId)?.session.terminate({ status_code: 603 });
  }

  hangup(callId: number): void {
    const session = this.legs.get(callId)?.session;
    if (session && !session.isEnded()) session.terminate();
  }

  setMuted(callId: number, muted: boolean): void {
    const leg = this.legs.get(callId);
    if (!leg) return;
    leg.muted = muted;
    if (!leg.session.isEstablished()) return;
    if (muted) leg.session.mute({ audio: true });
    else leg.session.unmute({ audio: true });
  }

  /** Moves running calls to the devices chosen a moment ago. */
  async devicesChanged(): Promise<void> {
    const { choice } = audio.get();
    for (const leg of this.legs.values()) {
      await playThrough(leg.sound, choice.speaker);
      const sender = leg.session.connection?.getSenders().find((each) => each.track?.kind === 'audio');
      if (!sender) continue;
      const stream = await navigator.mediaDevices
        .getUserMedia({ audio: microphoneConstraints(choice) })
        .catch(() => null);
      const track = stream?.getAudioTracks()[0];
      if (!track) continue;
      track.enabled = !leg.muted;
      sender.track?.stop();
      await sender.replaceTrack(track);
    }
  }

  private async connect(): Promise<void> {
    const { default: JsSIP } = await loadTelephone();
    if (this.stopped) return;
    const secure = window.location.protocol === 'https:';
    const socket = new JsSIP.WebSocketInterface(
      `${secure ? 'wss' : 'ws'}://${window.location.host}${this.account.ws_path}`,
    );
    const ua = new JsSIP.UA({
      sockets: [socket],
      uri: this.account.uri,
      authorization_user: this.account.user,
      password: this.account.password,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: 'Centralita',
    });
    ua.on('connecting', () => this.events.registration('connecting'));
    ua.on('registered', () => this.events.registration('registered'));
    ua.on('unregistered', () => this.events.registration('lost'));
    ua.on('disconnected', () => this.events.registration('lost'));
    ua.on('registrationFailed', () => this.events.registration('refused'));
    ua.on('newRTCSession', (event: { originator: string; session: RTCSession; request: unknown }) => {
      if (event.originator === 'remote') this.invite(event.session, event.request as HeaderSource);
    });
    this.ua = ua as UA;
    ua.start();
  }

  private invite(session: RTCSession, request: HeaderSource): void {
    const callId = Number(request.getHeader('X-Centralita-Call') ?? 0);
    if (!Number.isSafeInteger(callId) || callId <= 0) {
      session.terminate({ status_code: 403 });
      return;
    }
    const old = this.legs.get(callId);
    const leg: Leg = { session, sampling: null, muted: old?.muted ?? false, sound: new Audio() };
    leg.sound.autoplay = true;
    if (old) this.forget(callId);
    this.legs.set(callId, leg);
    session.on('icecandidate', (event: { candidate: RTCIceCandidate; ready: () => void }) => {
      if (usable(event.candidate)) event.ready();
    });
    session.on('peerconnection', (event: { peerconnection: RTCPeerConnection }) =>
      this.listen(leg, event.peerconnection),
    );
    session.on('confirmed', () => {
      if (leg.muted) session.mute({ audio: true });
      this.sample(callId, leg);
      this.events.established(callId);
    });
    const gone = (event: { cause?: string }) => {
      if (this.legs.get(callId) !== leg) return;
      this.forget(callId);
      this.events.gone(callId, event.cause ?? '');
    };
    session.on('ended', gone);
    session.on('failed', gone);
    this.events.invited({
      callId,
      auto: (request.getHeader('X-Centralita-Answer') ?? '').toLowerCase() === 'auto',
      kind: request.getHeader('X-Centralita-Kind') ?? 'offer',
    });
  }

  private listen(leg: Leg, connection: RTCPeerConnection): void {
    connection.addEventListener('track', (event) => {
      leg.sound.srcObject = event.streams[0] ?? new MediaStream([event.track]);
      void playThrough(leg.sound, audio.get().choice.speaker);
      void leg.sound.play().catch(() => undefined);
    });
  }

  private sample(callId: number, leg: Leg): void {
    const meter = new QualityMeter();
    leg.sampling = setInterval(() => {
      void leg.session.connection
        ?.getStats()
        .then((stats) => this.events.quality(callId, meter.take([...stats.values()])))
        .catch(() => undefined);
    }, sampleEveryMs);
  }

  private forget(callId: number): void {
    const leg = this.legs.get(callId);
    if (!leg) return;
    if (leg.sampling) clearInterval(leg.sampling);
    leg.sound.pause();
    leg.sound.srcObject = null;
    this.legs.delete(callId);
    this.events.quality(callId, null);
  }
}

interface HeaderSource {
  getHeader(name: string): string | undefined;
}

/** The switch speaks UDP; names ending in .local need a resolver on the other side: wait for better. */
function usable(candidate: RTCIceCandidate): boolean {
  if (candidate.protocol !== 'udp') return false;
  return candidate.type !== 'host' || !(candidate.address ?? '').endsWith('.local');
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
