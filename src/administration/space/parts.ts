import { read } from '../../http/input.ts'
import type { AdministeredSpace } from '../../nouns/space.ts'
import type { Members } from '../../nouns/visit.ts'
import { FLAGS, KEPT_FLAGS, SpacePart, TEXTS } from '../../spaces/spaces/rules.ts'

type Flag = keyof typeof FLAGS | keyof typeof KEPT_FLAGS

/** Members of a Space that one form changes. What it does not name, it cannot change. */
export interface Part {
  readonly flags: readonly Flag[]
  readonly values: readonly (keyof (typeof SpacePart)['properties'])[]
}

/** What everybody who administers a Space may change of it (behaviour/panel.md §7.15). */
export const CONFIGURATION: Part = {
  flags: ['custom_provisioning_overwrite_all', 'public_registration', 'phone_registration', 'intercom_features'],
  values: [
    'theme_hue',
    'copyright_text',
    'intro_registration_text',
    'newsletter_registration_address',
    'account_proxy_registrar_address',
    'custom_provisioning_entries',
  ],
}

/** What super administrators decide about a Space. */
export const ADMINISTRATION: Part = {
  flags: ['super', 'unique_email', 'carddav_user_credentials', 'client_certificate_authentication', 'web_panel'],
  values: ['name', 'max_accounts', 'expire_at'],
}

/** What the apps of a Space show, as its form says it, and the member that says so, or the contrary. */
export const APP_SWITCHES = [
  { field: 'chat', member: 'disable_chat_feature', says: false },
  { field: 'meetings', member: 'disable_meetings_feature', says: false },
  { field: 'broadcast', member: 'disable_broadcast_feature', says: false },
  { field: 'recordings', member: 'disable_call_recordings_feature', says: false },
  { field: 'settings', member: 'hide_settings', says: false },
  { field: 'account_settings', member: 'hide_account_settings', says: false },
  { field: 'usernames', member: 'only_display_sip_uri_username', says: true },
  { field: 'create_account', member: 'assistant_hide_create_account', says: false },
  { field: 'qr_code', member: 'assistant_disable_qr_code', says: false },
  { field: 'third_party', member: 'assistant_hide_third_party_account', says: false },
] as const

export const APPS: Part = { flags: APP_SWITCHES.map(({ member }) => member), values: ['max_account'] }

export const DIGEST: Part = { flags: [], values: ['account_realm', 'account_default_password_algorithm'] }

/** Browsers end the lines of a form with two characters. */
const oneLineEnd = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll('\r\n', '\n') : value)

/** What a form says of its part. A switch that is off is not sent. */
export const partOf = (input: Members, { flags, values }: Part) =>
  read(SpacePart, {
    ...Object.fromEntries(
      values.filter((name) => Object.hasOwn(input, name)).map((name) => [name, oneLineEnd(input[name])]),
    ),
    ...Object.fromEntries(flags.map((name) => [name, input[name] ?? '0'])),
  })

/** The same for what the apps show. */
export const appsOf = (input: Members) =>
  partOf(
    {
      max_account: input.max_account,
      ...Object.fromEntries(
        APP_SWITCHES.map(({ field, member, says }) => [member, (input[field] === '1') === says ? '1' : '0']),
      ),
    },
    APPS,
  )

const COLUMNS = { ...FLAGS, ...KEPT_FLAGS, ...TEXTS }
const OTHERS = {
  name: 'name',
  max_accounts: 'maxAccounts',
  max_account: 'maxAccount',
  expire_at: 'expireAt',
  theme_hue: 'themeHue',
} as const

/** What a form was made from. */
export const factsOf = (space: AdministeredSpace, { flags, values }: Part): unknown[] => {
  const columns: Readonly<Record<string, keyof AdministeredSpace>> = { ...COLUMNS, ...OTHERS }
  const digest = {
    account_realm: space.digest?.realm,
    account_default_password_algorithm: space.digest?.defaultPasswordAlgorithm,
  }
  return [...flags, ...values].map((name) => {
    const column = columns[name]
    return (column === undefined ? digest[name as keyof typeof digest] : space[column]) ?? null
  })
}
