import type { TSchema } from '@sinclair/typebox'
import {
  anything,
  choice,
  clearable,
  date,
  email,
  flag,
  form,
  type Input,
  integer,
  optional,
  plainText,
  type Settled,
  text,
} from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import { managedKeysIn, parseIni } from '../../protocols/ini.ts'
import { isDomain, isIpAddress } from '../../protocols/sip-address.ts'

/** Wire name → column, of every switch and text that an update must or may carry (behaviour/spaces.md §1.1). */
export const FLAGS = {
  super: 'super',
  custom_provisioning_overwrite_all: 'customProvisioningOverwriteAll',
  web_panel: 'webPanel',
  public_registration: 'publicRegistration',
  phone_registration: 'phoneRegistration',
  intercom_features: 'intercomFeatures',
  carddav_user_credentials: 'carddavUserCredentials',
  disable_broadcast_feature: 'disableBroadcastFeature',
  disable_chat_feature: 'disableChatFeature',
  disable_meetings_feature: 'disableMeetingsFeature',
  disable_call_recordings_feature: 'disableCallRecordingsFeature',
  hide_settings: 'hideSettings',
  hide_account_settings: 'hideAccountSettings',
  only_display_sip_uri_username: 'onlyDisplaySipUriUsername',
  assistant_hide_create_account: 'assistantHideCreateAccount',
  assistant_disable_qr_code: 'assistantDisableQrCode',
  assistant_hide_third_party_account: 'assistantHideThirdPartyAccount',
} as const satisfies Record<string, keyof Space>

export const TEXTS = {
  account_proxy_registrar_address: 'accountProxyRegistrarAddress',
  custom_provisioning_entries: 'customProvisioningEntries',
  copyright_text: 'copyrightText',
  intro_registration_text: 'introRegistrationText',
  newsletter_registration_address: 'newsletterRegistrationAddress',
} as const satisfies Record<string, keyof Space>

/** Switches that no client has to know: an update that does not speak of one leaves it as it is. */
export const KEPT_FLAGS = {
  unique_email: 'uniqueEmail',
  client_certificate_authentication: 'clientCertificateAuthentication',
  provisioning_use_linphone_provisioning_header: 'provisioningUseLinphoneProvisioningHeader',
} as const satisfies Record<string, keyof Space>

/** What Flexisips call the forwarding of calls that nobody answers (D23): the older ones know only the first. */
export const NO_ANSWER_WORDS = ['away', 'no_answer'] as const

/** Members of a Space that no request of this API sets: only what is there already is accepted. */
const READ_ONLY = ['logo', 'oidc_authentication_configuration'] as const

const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[]

export const each = <Name extends string, Schema extends TSchema>(
  names: Readonly<Record<Name, unknown>>,
  schema: () => Schema,
) => Object.fromEntries(namesOf(names).map((name) => [name, schema()])) as Record<Name, Schema>

/** A petabyte: numbers of JSON are exact so far, and no disk is larger. */
export const MOST_VOICEMAIL_BYTES = 2 ** 50

const texts = {
  account_proxy_registrar_address: optional(plainText(255)),
  custom_provisioning_entries: optional(text({ max: 65_535 })),
  copyright_text: optional(text({ max: 65_535 })),
  intro_registration_text: optional(text({ max: 65_535 })),
  newsletter_registration_address: optional(plainText(255)),
  expire_at: optional(date()),
  theme_hue: optional(integer(0, 360)),
  ...each(KEPT_FLAGS, () => optional(flag())),
  max_voicemail_bytes: optional(integer(0, MOST_VOICEMAIL_BYTES)),
  call_forwarding_no_answer_wire: optional(choice(NO_ANSWER_WORDS)),
  // Of the generation before: accepted, never required.
  account_realm: clearable(text({ max: 255 })),
  account_default_password_algorithm: clearable(text({ max: 10 })),
  digest_authentication_configuration: clearable(anything()),
  logo: optional(anything()),
  oidc_authentication_configuration: optional(anything()),
}

/** One line, because it stands in the subjects of mails. */
const nameOfSpace = () => plainText(255)

export const NewSpace = form({
  name: nameOfSpace(),
  domain: text({ max: 64 }),
  host: text({ max: 255 }),
  max_accounts: optional(integer(0)),
  max_account: optional(integer(0)),
  ...each(FLAGS, () => optional(flag())),
  ...texts,
})

/** A full republish: both limits and every switch are required, absent texts are cleared. */
export const ChangedSpace = form({
  max_accounts: integer(0),
  max_account: integer(0),
  ...each(FLAGS, () => flag()),
  ...texts,
})

/** Required as well, but looked at last (behaviour/spaces.md §1.3): an empty body is refused for the other nineteen. */
export const ChangedNames = form({ name: nameOfSpace(), host: text({ max: 255 }) })

/** Some of it, as forms of the panel have it: what is not spoken of stays as it is. */
export const SpacePart = form({
  name: optional(nameOfSpace()),
  max_accounts: optional(integer(0)),
  max_account: optional(integer(0)),
  ...each(FLAGS, () => optional(flag())),
  ...each(KEPT_FLAGS, () => optional(flag())),
  account_proxy_registrar_address: clearable(plainText(255)),
  custom_provisioning_entries: clearable(text({ max: 65_535 })),
  copyright_text: clearable(text({ max: 65_535 })),
  intro_registration_text: clearable(text({ max: 65_535 })),
  newsletter_registration_address: clearable(email(255)),
  expire_at: clearable(date()),
  theme_hue: clearable(integer(0, 360)),
  account_realm: clearable(text({ max: 255 })),
  account_default_password_algorithm: clearable(text({ max: 10 })),
  digest_authentication_configuration: clearable(anything()),
})

/** For the document of the API: what a change takes, all of it. */
export const Republish = form({ ...ChangedNames.properties, ...ChangedSpace.properties })

/** What the command line says; its argument is `sip_domain`. */
export const NamedSpace = form({
  sip_domain: text({ max: 64 }),
  host: text({ max: 255 }),
  name: nameOfSpace(),
  realm: optional(text({ max: 255 })),
})

export type SpaceInput = Input<typeof NewSpace> | Input<typeof ChangedSpace>
export type PartInput = Input<typeof SpacePart>
type SettledSpace = Settled<typeof NewSpace> | Settled<typeof ChangedSpace>

const SWITCHES = { ...FLAGS, ...KEPT_FLAGS }

/** What is not a text and is not spoken of stays as it is; a text is cleared. */
export const columnsOf = (space: SettledSpace) => ({
  ...Object.fromEntries(
    namesOf(SWITCHES).flatMap((name) => (space[name] === null ? [] : [[SWITCHES[name], space[name]]])),
  ),
  ...Object.fromEntries(namesOf(TEXTS).map((name) => [TEXTS[name], space[name]])),
  themeHue: space.theme_hue,
  ...(space.max_voicemail_bytes === null ? {} : { maxVoicemailBytes: space.max_voicemail_bytes }),
  ...(space.call_forwarding_no_answer_wire === null
    ? {}
    : { callForwardingNoAnswerWire: space.call_forwarding_no_answer_wire }),
})

/** The same of a part. */
export const partColumnsOf = (part: Settled<typeof SpacePart>) => {
  const { name, max_accounts: maxAccounts, max_account: maxAccount, theme_hue: themeHue } = part
  const texts = namesOf(TEXTS).flatMap((text) => (part[text] === undefined ? [] : [[TEXTS[text], part[text]]]))
  const flags = namesOf(SWITCHES).flatMap((flag) => (part[flag] === null ? [] : [[SWITCHES[flag], part[flag]]]))
  return {
    ...Object.fromEntries([...flags, ...texts]),
    ...(name === null ? {} : { name }),
    ...(maxAccounts === null ? {} : { maxAccounts }),
    ...(maxAccount === null ? {} : { maxAccount }),
    ...(themeHue === undefined ? {} : { themeHue }),
  }
}

type Named = Input<typeof NewSpace> | Input<typeof ChangedNames>

export const checkDomain = (input: Named, name: 'domain' | 'host', value: string | null): void => {
  if (value !== null && !isDomain(value)) input.refuse(name, { id: 'v.domain' })
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** The command line may name addresses and single labels, for a LAN. */
export const checkLanNames = (input: Input<typeof NamedSpace>): void => {
  for (const name of ['sip_domain', 'host', 'realm'] as const) {
    const value = input.values[name]
    if (value === null) continue
    if (!isDomain(value) && !isIpAddress(value) && !LABEL.test(value)) input.refuse(name, { id: 'v.domain' })
  }
}

/**
 * Refuses read-only members by their names, so that nobody believes to have set them. A client may send back what it
 * has read.
 */
export const refuseReadOnly = (input: SpaceInput, current: Pick<Space, 'logo'> | null): void => {
  const shown = { logo: current?.logo ?? null, oidc_authentication_configuration: null }
  for (const name of READ_ONLY) {
    if (input.has(name) && input.values[name] !== shown[name]) input.refuse(name, { id: 'v.not_settable' })
  }
}

/** Readable, with at least one key, and none that the platform fills itself (behaviour/spaces.md §1.2). */
export const checkEntries = (input: SpaceInput | PartInput): void => {
  const entries = input.values.custom_provisioning_entries ?? null
  if (entries === null) return
  const parsed = parseIni(entries)
  // Of each kind the first: `refuse` keeps no other.
  for (const problem of parsed.problems) {
    input.refuse('custom_provisioning_entries', { id: `v.ini_${problem.problem}`, values: { line: problem.line } })
  }
  const managed = managedKeysIn(parsed)
  if (managed.length > 0) {
    input.refuse('custom_provisioning_entries', { id: 'v.ini_managed', values: { keys: managed.join(', ') } })
  }
}

/** The same of a part, where it has to come after today: on its first day a Space is out of service already. */
export const checkNewExpiry = (input: PartInput, now: Date, before: Date | null): Date | null => {
  const { expire_at: written } = input.good
  if (written === null) return input.values.expire_at === undefined ? before : null
  const day = dayOf(written)
  if (day === null) input.refuse('expire_at', { id: 'v.date' })
  else if (day.getTime() !== before?.getTime() && day <= now) input.refuse('expire_at', { id: 'v.date_today' })
  return day
}

/** The date part, as 00:00 UTC; refused when it lies in the past. */
export const checkExpiry = (input: SpaceInput, now: Date): Date | null => {
  const { expire_at: written } = input.good
  if (written === null) return null
  const day = dayOf(written)
  if (day === null) input.refuse('expire_at', { id: 'v.date' })
  else if (day < new Date(now.toISOString().slice(0, 10))) input.refuse('expire_at', { id: 'v.date_past' })
  return day
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}(?!\d)/

/**
 * The day as it is written, whatever the zone of this server; null for a day that no calendar has, or a year of five
 * digits.
 */
const dayOf = (written: string): Date | null => {
  const iso = ISO_DAY.exec(written)?.[0]
  const moment = new Date(iso ?? `${written} UTC`)
  const day = Number.isNaN(moment.getTime()) ? '' : moment.toISOString().slice(0, 10)
  return (iso === undefined ? ISO_DAY.test(day) : day === iso) ? new Date(day) : null
}
