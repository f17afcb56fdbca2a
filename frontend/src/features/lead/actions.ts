import { useMutation, useQueryClient } from '@tanstack/react-query';
import { assignLead, closeLead, leadKeys, linkLead, planNextStep, reopenLead, unlinkLead } from '@/api/leads';
import { useReport } from '@/api/react';
import type { Closing, Lead } from '@/api/types';
import { useTelephone } from '@/call/context';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';

/** What can be done to a lead, each with its word of success and its undo. */
export function useLeadActions() {
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const report = useReport();
  const cache = useQueryClient();
  const { softphone } = useTelephone();
  const refresh = () => void cache.invalidateQueries({ queryKey: leadKeys.all });

  const reopen = useMutation({
    mutationFn: (id: number) => reopenLead(id, t('action.undo')),
    onSuccess: refresh,
    onError: report,
  });
  const close = useMutation({
    mutationFn: (wish: { lead: Pick<Lead, 'id'>; closing: Closing; reason: string }) =>
      closeLead(wish.lead.id, wish.closing, wish.reason),
    onSuccess: (_, wish) => {
      refresh();
      toast.done(t('lead.closed_as', { closing: code('closing', wish.closing) }), () => reopen.mutate(wish.lead.id));
    },
    onError: report,
  });
  const plan = useMutation({
    mutationFn: (wish: { lead: Pick<Lead, 'id'>; at: string | null; note: string; before?: [string | null, string] }) =>
      planNextStep(wish.lead.id, wish.at, wish.note),
    onSuccess: (_, wish) => {
      refresh();
      toast.done(wish.at ? t('lead.step_planned') : t('lead.step_cleared'));
    },
    onError: report,
  });
  const unlink = useMutation({
    mutationFn: (wish: { leadId: number; clientId: number; name: string }) => unlinkLead(wish.leadId),
    onSuccess: (_, wish) => {
      refresh();
      toast.done(t('lead.unlinked', { name: wish.name }), () => link.mutate(wish));
    },
    onError: report,
  });
  const link = useMutation({
    mutationFn: (wish: { leadId: number; clientId: number; name: string }) => linkLead(wish.leadId, wish.clientId),
    onSuccess: (lead, wish) => {
      refresh();
      const joined = lead.closing === 'duplicate';
      toast.done(
        t(joined ? 'lead.linked_joined' : 'lead.linked', { name: wish.name }),
        joined ? undefined : () => unlink.mutate(wish),
      );
    },
    onError: report,
  });
  const assign = useMutation({
    mutationFn: (wish: { lead: Lead; userId: number | null; name: string }) => assignLead(wish.lead.id, wish.userId),
    onSuccess: (_, wish) => {
      refresh();
      const { lead } = wish;
      const back = { userId: lead.responsible_id ?? null, name: lead.responsible_name || t('value.nobody') };
      toast.done(
        t('lead.assigned_to', { name: wish.name }),
        wish.userId === back.userId
          ? undefined
          : () => assign.mutate({ lead: { ...lead, responsible_id: back.userId ?? undefined }, ...back }),
      );
    },
    onError: report,
  });
  const callBack = async (lead: Lead, pointId?: number) => {
    await softphone.callBack(lead.id, pointId);
    refresh();
  };
  return { close, plan, assign, link, unlink, callBack, reopen };
}
export type LeadActions = ReturnType<typeof useLeadActions>;
