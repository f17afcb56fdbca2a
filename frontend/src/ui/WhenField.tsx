import { Button, TextInput } from '@mantine/core';
import { serverNow } from '@/lib/clock';
import { useT } from '@/lib/i18n';
import { quickTime, type QuickTime } from '@/lib/zone';

const quick: QuickTime[] = ['in_1h', 'in_3h', 'tomorrow', 'monday'];

/** A wall-clock time in a zone, with the four times people mean most. */
export function WhenField(props: {
  label: string;
  zone: string;
  value: string;
  onChange(local: string): void;
  testId: string;
  error?: string;
}) {
  const t = useT();
  return (
    <div className="stack" style={{ gap: 6 }}>
      <TextInput
        type="datetime-local"
        label={props.label}
        description={props.zone.replaceAll('_', ' ')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        error={props.error}
        data-testid={props.testId}
      />
      <div className="row" style={{ gap: 4, flexWrap: 'wrap' }}>
        {quick.map((each) => (
          <Button
            key={each}
            size="compact-xs"
            variant="default"
            onClick={() => props.onChange(quickTime(each, serverNow(), props.zone))}
            data-testid={`${props.testId}-${each}`}
          >
            {t(`when.${each}`)}
          </Button>
        ))}
      </div>
    </div>
  );
}
