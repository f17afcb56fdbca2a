import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX, Phone, PhoneOff, TriangleAlert } from 'lucide-react';
import { healthQuery } from '@/api/calls';
import { useErrorText } from '@/api/react';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Failed, Section, SkeletonRows } from '@/ui/kit';
import css from './system.module.css';

const looks = {
  ok: { icon: CircleCheck, tone: 'good' },
  degraded: { icon: TriangleAlert, tone: 'warn' },
  down: { icon: CircleX, tone: 'bad' },
} as const;

/** What the product stands on, and how it stands. */
export function HealthPage() {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const errorText = useErrorText();
  const now = useNow();
  const query = useQuery(healthQuery);
  const health = query.data;
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (!health) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const { asterisk, pop } = health;
  const endpoints = asterisk?.endpoints ?? [];
  return (
    <div className={css.health} data-testid="health-page">
      <div className={css.figures}>
        <Figure label={t('health.channels')} value={format.number(asterisk?.channels ?? 0)} />
        <Figure label={t('health.bridges')} value={format.number(asterisk?.bridges ?? 0)} />
        <Figure
          label={t('health.phones')}
          value={`${endpoints.filter((each) => each.registered).length} / ${endpoints.length}`}
        />
        <Figure label={t('health.pop_p50')} value={t('unit.ms', { n: Math.round(pop?.p50_ms ?? 0) })} />
        <Figure label={t('health.pop_p95')} value={t('unit.ms', { n: Math.round(pop?.p95_ms ?? 0) })} />
        <Figure label={t('health.pop_count')} value={format.number(pop?.count ?? 0)} />
      </div>
      <Section title={t('health.components')}>
        <table className={css.table}>
          <tbody>
            {health.components.map((each) => {
              const { icon, tone } = looks[each.state] ?? looks.down;
              return (
                <tr key={each.name} data-testid="health-component" data-name={each.name} data-state={each.state}>
                  <th scope="row">{code('health.component', each.name)}</th>
                  <td>
                    <Badge tone={tone} icon={icon}>
                      {t(`health.${each.state}`)}
                    </Badge>
                  </td>
                  <td className="soft">{each.detail}</td>
                  <td className="whisper">{each.since ? format.ago(each.since, now) : ''}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Section>
      <Section title="Asterisk">
        <p className="soft">
          {asterisk?.version ? t('health.version', { version: asterisk.version }) : t('health.no_asterisk')}
          {asterisk?.startup_time ? ` · ${t('health.since', { time: format.when(asterisk.startup_time, now) })}` : ''}
        </p>
        <ul className={css.phones}>
          {endpoints.map((each) => (
            <li key={each.user_id} data-testid="health-endpoint" data-registered={each.registered}>
              <Badge plain tone={each.registered ? 'good' : 'plain'} icon={each.registered ? Phone : PhoneOff}>
                {each.registered ? t('phone.registration.registered') : t('phone.registration.off')}
              </Badge>
              <span>{each.name}</span>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

function Figure(props: { label: string; value: string }) {
  return (
    <div>
      <span className={css.figure}>{props.value}</span>
      <span className="whisper">{props.label}</span>
    </div>
  );
}
