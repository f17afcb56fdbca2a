import { act, renderHook } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasUnsavedInput, sweepDrafts, useDraft } from './draft';

beforeEach(() => window.localStorage.clear());

describe('a draft', () => {
  it('outlives its form', () => {
    const first = renderHook(() => useDraft('client.1.note', ''));
    act(() => first.result.current.set('called, wants the offer'));
    expect(hasUnsavedInput()).toBe(true);
    first.unmount();
    expect(hasUnsavedInput()).toBe(false);
    const second = renderHook(() => useDraft('client.1.note', ''));
    expect(second.result.current.value).toBe('called, wants the offer');
    act(() => second.result.current.clear());
    second.unmount();
    expect(renderHook(() => useDraft('client.1.note', '')).result.current.value).toBe('');
  });

  it('belongs to its entity: another one is never shown its text', () => {
    const form = renderHook(({ key }) => useDraft(key, ''), { initialProps: { key: 'client.1.note' } });
    act(() => form.result.current.set('for the first'));
    form.rerender({ key: 'client.2.note' });
    expect(form.result.current.value).toBe('');
    act(() => form.result.current.set('for the second'));
    form.rerender({ key: 'client.1.note' });
    expect(form.result.current.value).toBe('for the first');
  });

  it('of several fields keeps the others when one changes', () => {
    const form = renderHook(() => useDraft('client.1.sms', { to: '', body: '' }));
    act(() => form.result.current.patch({ to: '+34600111222' }));
    act(() => form.result.current.patch({ body: 'Hello' }));
    expect(form.result.current.value).toEqual({ to: '+34600111222', body: 'Hello' });
    expect(form.result.current.dirty).toBe(true);
  });

  it('that nobody came back to for a month is swept', () => {
    const form = renderHook(() => useDraft('client.1.note', ''));
    act(() => form.result.current.set('old'));
    form.unmount();
    sweepDrafts(Date.now() + 29 * 86_400_000);
    expect(renderHook(() => useDraft('client.1.note', '')).result.current.value).toBe('old');
    sweepDrafts(Date.now() + 31 * 86_400_000);
    expect(renderHook(() => useDraft('client.1.note', '')).result.current.value).toBe('');
  });
});
