import type { VNode } from 'preact'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import {
  Checkbox,
  ChoiceField,
  OnlyWith,
  type Option,
  OtherRefusals,
  SelectField,
  TextField,
} from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import { type Kit, type Translate, useKit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Subject } from '../place/place.ts'
import { type CallForwarding, LONGEST_URI, TYPES } from './call-forwardings.ts'
import { whenText, whereText } from './forwarding-rows.tsx'

/** The page that lists the rules, and below which they are written. */
type Place = Pick<Subject, 'root' | 'above'>

/** What a form is made from: another of these, and it is stale. */
export const factsOf = ({ forwardTo, contactId, sipUri, enabled }: CallForwarding) => [
  forwardTo,
  contactId,
  sipUri,
  enabled,
]

/** Somebody in the address book of the account. */
interface Known {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly displayName: string | null
}

interface Around extends Place {
  readonly contacts: readonly Known[]
}

/** More would be no list that somebody finds a name in; whoever is further down has an address. */
const MOST_CONTACTS = 500

const nameOf = ({ displayName, ...address }: Known): string =>
  displayName === null ? addressOfRecord(address) : `${displayName} (${addressOfRecord(address)})`

/** By name; of a long address book the first ones, and whoever is chosen already. */
const contactOptions = (contacts: readonly Known[], chosen: number | null): readonly Option[] => {
  const all = contacts
    .map((contact) => ({ value: String(contact.id), label: nameOf(contact) }))
    .toSorted((a, b) => a.label.localeCompare(b.label))
  return all.filter(({ value }, index) => index < MOST_CONTACTS || value === String(chosen))
}

const titleOf = (t: Translate, type: CallForwarding['type']): string =>
  t(
    (
      {
        always: 'forwarding.title_always',
        busy: 'forwarding.title_busy',
        no_answer: 'forwarding.title_no_answer',
      } as const
    )[type],
  )

/** Where calls go, and whether they do now. */
const Target = ({ rule, contacts }: { rule: CallForwarding | null; contacts: readonly Known[] }): VNode => {
  const { t } = useKit()
  const options = contactOptions(contacts, rule?.contactId ?? null)
  const isLong = contacts.length > MOST_CONTACTS
  return (
    <>
      <ChoiceField
        name="forward_to"
        label={t('forwarding.where')}
        value={rule?.forwardTo ?? 'voicemail'}
        options={[
          { value: 'voicemail', label: t('forwarding.voicemail') },
          {
            value: 'contact',
            label: t('forwarding.contact'),
            ...(options.length === 0 ? { hint: t('forwarding.no_contacts'), disabled: true } : {}),
          },
          { value: 'sip_uri', label: t('forwarding.address') },
        ]}
      />
      {options.length === 0 ? (
        <OtherRefusals name="contact_id" />
      ) : (
        <OnlyWith choice="contact">
          <SelectField
            name="contact_id"
            label={t('forwarding.which_contact')}
            depends
            value={rule?.contactId?.toString()}
            hint={isLong ? t('forwarding.many_contacts', { count: MOST_CONTACTS }) : undefined}
            options={[{ value: '', label: t('forwarding.choose') }, ...options]}
          />
        </OnlyWith>
      )}
      <OnlyWith choice="sip_uri">
        <TextField
          name="sip_uri"
          label={t('dashboard.sip_address')}
          depends
          value={rule?.sipUri ?? undefined}
          hint={t('forwarding.address_hint')}
          maxlength={LONGEST_URI}
          autocapitalize="none"
        />
      </OnlyWith>
      <Checkbox
        name="enabled"
        label={t('forwarding.enabled')}
        hint={t('forwarding.enabled_hint')}
        checked={rule?.enabled ?? true}
      />
    </>
  )
}

const aboveOf = (t: Translate, { root, above }: Place) => [...above(t), [t('telephony.title'), root]] as const

const pathOf = ({ root }: Place, { id }: CallForwarding): string => `${root}/forwardings/${id}`

/** A rule of a type that has none yet. */
export const newForwardingPage = (
  { t }: Kit,
  facts: Around & { free: readonly CallForwarding['type'][] },
): FormPage => ({
  title: t('forwarding.add'),
  lede: t('forwarding.why'),
  above: aboveOf(t, facts),
  to: `${facts.root}/forwardings`,
  button: t('forwarding.save'),
  cancel: [t('panel.cancel'), facts.root],
  address: `${facts.root}/forwardings/create`,
  children: (
    <>
      <ChoiceField
        name="type"
        label={t('forwarding.which')}
        value={facts.free[0]}
        options={TYPES.filter((type) => facts.free.includes(type)).map((type) => ({
          value: type,
          label: whenText(t, type),
        }))}
      />
      <Target rule={null} contacts={facts.contacts} />
    </>
  ),
})

/** A rule that is there: all of it but its type. */
export const forwardingPage = (
  { t }: Kit,
  { rule, contacts, ...place }: Around & { rule: CallForwarding },
): FormPage => {
  const path = pathOf(place, rule)
  return {
    title: titleOf(t, rule.type),
    above: aboveOf(t, place),
    to: path,
    button: t('forwarding.save'),
    cancel: [t('panel.cancel'), place.root],
    address: path,
    children: (
      <>
        <Version of={factsOf(rule)} to={path} />
        <Target rule={rule} contacts={contacts} />
      </>
    ),
    after: (
      <ButtonLink to={`${path}/delete`} tone="danger" icon="trash">
        {t('forwarding.remove')}
      </ButtonLink>
    ),
  }
}

/** Before a rule is removed. */
export const removeForwardingPage = ({ t }: Kit, { rule, ...place }: Place & { rule: CallForwarding }): FormPage => {
  const path = `${pathOf(place, rule)}/delete`
  return confirmPage({
    title: t('forwarding.remove_ask'),
    lede: (
      <>
        {whenText(t, rule.type)}
        <br />
        {whereText(t, rule)}
      </>
    ),
    above: aboveOf(t, place),
    note: t('forwarding.remove_note'),
    to: path,
    button: t('forwarding.remove_go'),
    cancel: [t('panel.cancel'), pathOf(place, rule)],
    address: path,
  })
}
