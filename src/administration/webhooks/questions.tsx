import type { FormPage } from '../../panel/answers.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Webhook } from '../../spaces/webhooks/webhooks.ts'
import { WEBHOOKS_PATH } from './webhooks-page.tsx'

const around = ({ t }: Kit, { id, name, url }: Webhook, rest: '/delete' | '/rotate') => {
  const path = `${WEBHOOKS_PATH}/${id}`
  return {
    lede: url,
    above: [
      [t('webhooks.title'), WEBHOOKS_PATH],
      [name, path],
    ] as const,
    to: path + rest,
    cancel: [t('panel.cancel'), path] as const,
    address: path + rest,
  }
}

/** Before a webhook goes. */
export const deleteWebhookPage = (kit: Kit, webhook: Webhook): FormPage =>
  confirmPage({
    title: kit.t('webhooks.delete_title', { name: webhook.name }),
    goes: [kit.t('webhooks.delete_waiting'), kit.t('webhooks.delete_log')],
    note: kit.t('webhooks.delete_instead'),
    button: kit.t('webhooks.delete'),
    ...around(kit, webhook, '/delete'),
  })

/** Before a webhook gets another secret. */
export const rotateWebhookPage = (kit: Kit, webhook: Webhook): FormPage =>
  confirmPage({
    title: kit.t('webhooks.rotate_title', { name: webhook.name }),
    icon: 'refresh',
    goes: [kit.t('webhooks.rotate_goes')],
    stays: [kit.t('webhooks.rotate_stays')],
    button: kit.t('webhooks.rotate'),
    ...around(kit, webhook, '/rotate'),
  })
