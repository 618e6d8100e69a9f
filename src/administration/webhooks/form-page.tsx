import type { VNode } from 'preact'
import type { Space } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Hidden, Version } from '../../panel/components/form.tsx'
import { SeveralField } from '../../panel/components/several-field.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Webhook } from '../../spaces/webhooks/webhooks.ts'
import { EVENTS, OWN_EVENTS } from '../../webhooks/events.ts'
import { WEBHOOKS_PATH } from './webhooks-page.tsx'
import { EVENT_WORDS } from './words.tsx'

/** What the form of a webhook shows, as it is stored. */
export const factsOf = ({ name, url, events }: Pick<Webhook, 'name' | 'url' | 'events'>) => [name, url, events]

const Fields = ({ space, webhook }: { space: Space; webhook: Webhook | null }): VNode => {
  const { t } = useKit()
  return (
    <>
      <TextField
        name="name"
        label={t('named_keys.name')}
        hint={t('webhooks.name_hint')}
        value={webhook?.name}
        maxlength={64}
      />
      <TextField
        name="url"
        label={t('webhooks.url')}
        hint={t('webhooks.url_hint')}
        type="url"
        value={webhook?.url}
        maxlength={2048}
      />
      <SeveralField
        name="events"
        label={t('webhooks.of_what')}
        values={webhook?.events ?? []}
        options={(space.super ? EVENTS : OWN_EVENTS).map((event) => ({
          value: event,
          label: t(EVENT_WORDS[event]),
          hint: event,
        }))}
      />
    </>
  )
}

/** A new webhook of a Space. */
export const createWebhookPage = ({ t, space: own }: Kit, { space }: { space: Space }): FormPage => {
  const where = space.domain === own.domain ? '' : `?domain=${encodeURIComponent(space.domain)}`
  return {
    title: t('webhooks.create'),
    lede: t('webhooks.create_why'),
    above: [[t('webhooks.title'), WEBHOOKS_PATH + where]],
    to: WEBHOOKS_PATH,
    button: t('webhooks.make'),
    cancel: [t('panel.cancel'), WEBHOOKS_PATH + where],
    address: `${WEBHOOKS_PATH}/create${where}`,
    children: (
      <>
        {where === '' ? null : <Hidden name="domain" value={space.domain} />}
        <Fields space={space} webhook={null} />
      </>
    ),
  }
}

/** What is sent, and where. */
export const editWebhookPage = ({ t }: Kit, { space, webhook }: { space: Space; webhook: Webhook }): FormPage => {
  const path = `${WEBHOOKS_PATH}/${webhook.id}`
  return {
    title: t('webhooks.edit_title'),
    above: [
      [t('webhooks.title'), WEBHOOKS_PATH],
      [webhook.name, path],
    ],
    to: path,
    button: t('webhooks.save'),
    cancel: [t('panel.cancel'), path],
    address: `${path}/edit`,
    children: (
      <>
        <Version of={factsOf(webhook)} to={path} />
        <Fields space={space} webhook={webhook} />
      </>
    ),
  }
}
