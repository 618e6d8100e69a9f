import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { FLAGS } from './rules.ts'
import { realmOf, type Space } from './space.ts'

const NO_HUE = 22

/** spec spaces.md §1.1: an explicit list; the numeric id never leaves. */
export const spaceWire = (space: Space) => ({
  domain: space.domain,
  host: space.host,
  name: space.name,
  max_accounts: space.maxAccounts,
  max_account: space.maxAccount,
  expire_at: isoMomentOrNull(space.expireAt),
  unique_email: space.uniqueEmail,
  account_proxy_registrar_address: space.accountProxyRegistrarAddress,
  custom_provisioning_entries: space.customProvisioningEntries,
  copyright_text: space.copyrightText,
  intro_registration_text: space.introRegistrationText,
  newsletter_registration_address: space.newsletterRegistrationAddress,
  client_certificate_authentication: space.clientCertificateAuthentication,
  theme_hue: space.themeHue ?? NO_HUE,
  logo: space.logo,
  ...Object.fromEntries(Object.entries(FLAGS).map(([name, column]) => [name, space[column]])),
  provisioning_use_linphone_provisioning_header: space.provisioningUseLinphoneProvisioningHeader,
  account_realm: space.digest?.realm ?? null,
  account_default_password_algorithm: space.digest?.defaultPasswordAlgorithm ?? null,
  created_at: isoMoment(space.createdAt),
  updated_at: isoMoment(space.updatedAt),
  email_server: null,
  carddav_servers: [],
  digest_authentication_configuration:
    space.digest === null
      ? null
      : { realm: realmOf(space), default_password_algorithm: space.digest.defaultPasswordAlgorithm },
  oidc_authentication_configuration: null,
})
