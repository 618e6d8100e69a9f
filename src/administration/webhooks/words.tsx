import type { VNode } from 'preact'
import type { MessageId } from '../../messages/messages.ts'
import { State } from '../../panel/components/state.tsx'
import { useKit } from '../../panel/kit.tsx'
import type { Webhook } from '../../spaces/webhooks/webhooks.ts'
import type { WebhookEvent } from '../../webhooks/events.ts'

/** What happens, said for people. */
export const EVENT_WORDS = {
  'account.created': 'webhooks.account_created',
  'account.updated': 'webhooks.account_updated',
  'account.deleted': 'webhooks.account_deleted',
  'account.activated': 'webhooks.account_activated',
  'account.blocked': 'webhooks.account_blocked',
  'account.provisioned': 'webhooks.account_provisioned',
  'password.changed': 'webhooks.password_changed',
  'device.removed': 'webhooks.device_removed',
  'call.ended': 'webhooks.call_ended',
  'voicemail.received': 'webhooks.voicemail_received',
  'space.created': 'webhooks.space_created',
  'space.updated': 'webhooks.space_updated',
  'space.deleted': 'webhooks.space_deleted',
} as const satisfies Record<WebhookEvent, MessageId>

/** Whether anything is sent to it. */
export const WebhookState = ({ of: { enabled, goneAt } }: { of: Pick<Webhook, 'enabled' | 'goneAt'> }): VNode => {
  const { t } = useKit()
  if (enabled)
    return (
      <State tone="good" icon="pass">
        {t('webhooks.on')}
      </State>
    )
  return goneAt === null ? (
    <State icon="offline">{t('webhooks.off')}</State>
  ) : (
    <State tone="bad" icon="fail">
      {t('webhooks.gone')}
    </State>
  )
}
