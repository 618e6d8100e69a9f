import type { VNode } from 'preact'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { type Translate, useKit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { CallForwarding } from './call-forwardings.ts'

/** Which calls a rule is about. */
export const whenText = (t: Translate, type: CallForwarding['type']): string =>
  t(({ always: 'forwarding.always', busy: 'forwarding.busy', no_answer: 'forwarding.no_answer' } as const)[type])

/** Where it sends them. */
export const whereText = (t: Translate, { forwardTo, contact, sipUri }: CallForwarding): string => {
  if (forwardTo === 'voicemail') return t('forwarding.to_voicemail')
  const address = forwardTo === 'contact' ? (contact === null ? null : addressOfRecord(contact)) : sipUri
  return t('forwarding.to', { address: address?.replace(/^sips?:/, '') ?? t('panel.unknown') })
}

/** Rules, each with a way to turn it on or off, and to change it. `root`: the page below which that is done. */
export const ForwardingRows = ({ rules, root }: { rules: readonly CallForwarding[]; root: string }): VNode => {
  const { t } = useKit()
  const row = (rule: CallForwarding): RowItem => {
    const about = whenText(t, rule.type)
    const path = `${root}/forwardings/${rule.id}`
    return {
      icon: 'phone-forwarded',
      tone: rule.enabled ? 'good' : undefined,
      title: (
        <>
          {about} {rule.enabled ? <Chip tone="good">{t('forwarding.on')}</Chip> : <Chip>{t('forwarding.off')}</Chip>}
        </>
      ),
      note: <span class="id">{whereText(t, rule)}</span>,
      below: (
        <div class="actions below">
          <Action to={`${path}/turn`} fields={{ enabled: rule.enabled ? 0 : 1 }} size="small" about={about}>
            {t(rule.enabled ? 'forwarding.turn_off' : 'forwarding.turn_on')}
          </Action>
          <ButtonLink to={path} size="small" about={about}>
            {t('forwarding.change')}
          </ButtonLink>
        </div>
      ),
    }
  }
  return <Rows items={rules.map(row)} />
}
