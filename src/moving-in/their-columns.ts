import type { Tables } from '../db/db.ts'
import type { OutgoingRow } from './dump.ts'

/** Which version the SQL is for: that of August 2026, or one of the year before. */
export type Target = '2026' | '2025'

export interface Leaving {
  /** One statement, or one line of what goes around them. */
  readonly write: (statement: string) => Promise<void>
  readonly onTable: (table: string, rows: number) => void
  /** Rows of accounts and statistics so far, of all. */
  readonly onProgress: (done: number, total: number) => void
  /** A row that has no place there. */
  readonly onLoss: (table: string, row: string, reason: string) => void
  /** Where bytes of voicemails go; null: nowhere. */
  readonly folder: string | null
  readonly target: Target
}

/** Writes rows of one table. */
export type Put = (table: string, rows: readonly OutgoingRow[]) => Promise<void>

type RowOf<Name extends keyof Tables> = Tables[Name]['$inferSelect']

/** How many characters a column takes there: of one table, or wherever it has that name. */
export const LENGTHS: Readonly<Record<string, number>> = {
  username: 64,
  domain: 64,
  email: 64,
  phone: 64,
  display_name: 255,
  host: 255,
  'space_email_servers.host': 64,
  name: 255,
  title: 255,
  key: 255,
  'account_types.key': 64,
  value: 255,
  code: 255,
  uuid: 45,
  realm: 255,
  'external_accounts.realm': 64,
  registrar: 64,
  outbound_proxy: 64,
  device_id: 64,
  from_username: 256,
  to_username: 256,
  from_domain: 256,
  to_domain: 256,
  from_address: 128,
  from_name: 128,
  signature: 256,
  user_agent: 256,
}

export const stamps = ({
  createdAt,
  updatedAt,
}: {
  readonly createdAt: Date | null
  readonly updatedAt: Date | null
}) => ({
  created_at: createdAt,
  updated_at: updatedAt,
})

export const accountColumns = (account: RowOf<'accounts'>): OutgoingRow => ({
  id: account.id,
  username: account.username,
  domain: account.domain,
  email: account.email,
  phone: account.phone,
  activated: account.activated,
  ip_address: account.ipAddress.slice(0, 39),
  user_agent: account.userAgent.slice(0, 256),
  display_name: account.displayName,
  dtmf_protocol: account.dtmfProtocol,
  blocked: account.blocked,
  admin: account.admin,
  ...stamps(account),
})

/** `digest` null: the Space stores no passwords. */
export const spaceColumns = (
  space: RowOf<'spaces'>,
  digest: Pick<RowOf<'spaceDigestAuthenticationConfigurations'>, 'realm'> | null,
  target: Target,
): OutgoingRow => ({
  id: space.id,
  domain: space.domain,
  host: space.host,
  name: space.name,
  super: space.super,
  max_accounts: space.maxAccounts,
  max_account: space.maxAccount,
  expire_at: space.expireAt,
  account_proxy_registrar_address: space.accountProxyRegistrarAddress,
  custom_provisioning_entries: space.customProvisioningEntries,
  custom_provisioning_overwrite_all: space.customProvisioningOverwriteAll,
  disable_broadcast_feature: space.disableBroadcastFeature,
  disable_chat_feature: space.disableChatFeature,
  disable_meetings_feature: space.disableMeetingsFeature,
  disable_call_recordings_feature: space.disableCallRecordingsFeature,
  hide_settings: space.hideSettings,
  hide_account_settings: space.hideAccountSettings,
  only_display_sip_uri_username: space.onlyDisplaySipUriUsername,
  assistant_hide_create_account: space.assistantHideCreateAccount,
  assistant_disable_qr_code: space.assistantDisableQrCode,
  assistant_hide_third_party_account: space.assistantHideThirdPartyAccount,
  web_panel: space.webPanel,
  public_registration: space.publicRegistration,
  phone_registration: space.phoneRegistration,
  intercom_features: space.intercomFeatures,
  carddav_user_credentials: space.carddavUserCredentials,
  client_certificate_authentication: space.clientCertificateAuthentication,
  newsletter_registration_address: space.newsletterRegistrationAddress,
  copyright_text: space.copyrightText,
  intro_registration_text: space.introRegistrationText,
  ...(target === '2026'
    ? { unique_email: space.uniqueEmail, theme_hue: space.themeHue }
    : {
        account_realm: digest?.realm ?? null,
        provisioning_use_linphone_provisioning_header: space.provisioningUseLinphoneProvisioningHeader,
      }),
  ...stamps(space),
})
