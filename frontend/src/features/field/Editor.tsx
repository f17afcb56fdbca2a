import { Textarea, TextInput } from '@mantine/core';
import type { KeyboardEvent } from 'react';
import type { CustomField, FieldValue } from '@/api/fields';
import { ChoiceEditor } from './ChoiceEditor';
import { FileEditor } from './FileEditor';
import { exactNumber, isNumeric } from './looks';
import { ReferenceEditor } from './ReferenceEditor';

export interface EditorProps {
  clientId: number;
  field: CustomField;
  /** What is stored. */
  stored: FieldValue | undefined;
  /** What is typed so far, in the exact form. */
  value: string;
  error?: string | undefined;
  onChange(value: string): void;
  /** Done: keep what is typed, or what is given instead. */
  onCommit(value?: string): void;
  onCancel(): void;
}

/** The editor of a value, whatever its type. Enter keeps, Escape gives up, leaving keeps. */
export function Editor(props: EditorProps) {
  const { field } = props;
  if (field.type === 'choice') return <ChoiceEditor {...props} />;
  if (field.type === 'reference') return <ReferenceEditor {...props} />;
  if (field.type === 'file') return <FileEditor {...props} />;
  return <TypedEditor {...props} />;
}

function TypedEditor(props: EditorProps) {
  const { field, value } = props;
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      props.onCancel();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      props.onCommit();
    }
  };
  const common = {
    'aria-label': field.label,
    autoFocus: true,
    value,
    error: props.error,
    onKeyDown: keys,
    onBlur: () => props.onCommit(),
    'data-testid': 'field-input',
  };
  if (isNumeric(field)) {
    return (
      <TextInput
        {...common}
        inputMode="decimal"
        rightSection={field.options.currency ? <span className="whisper">{field.options.currency}</span> : undefined}
        rightSectionWidth={44}
        onChange={(event) => props.onChange(exactNumber(event.currentTarget.value))}
      />
    );
  }
  if (field.type === 'date') {
    return (
      <TextInput
        {...common}
        type="date"
        max="9999-12-31"
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    );
  }
  return <Textarea {...common} minRows={1} onChange={(event) => props.onChange(event.currentTarget.value)} />;
}
