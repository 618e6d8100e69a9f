import { anything, choice, integer, text } from '../../http/input.ts'
import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { boolean, described, listOf, moment, object, orNull, record } from '../../http/output.ts'
import { type AdministeredSpace, realmOf } from '../../nouns/space.ts'
import { USUAL_HUE } from '../../panel/theme.ts'
import { CarddavServerSchema, carddavServerWire } from '../carddav-servers/carddav-servers.ts'
import { EmailServerSchema, emailServerWire } from '../space-email-servers/space-email-servers.ts'
import { each, FLAGS, KEPT_FLAGS, MOST_VOICEMAIL_BYTES, NO_ANSWER_WORDS } from './rules.ts'

export const SpaceSchema = record('Space', {
  domain: text(),
  host: text(),
  name: text(),
  max_accounts: described(integer(0), '0: as many as you like.'),
  max_account: integer(0),
  max_voicemail_bytes: described(
    integer(0, MOST_VOICEMAIL_BYTES),
    'Of all its voicemails together; 0: as many as you like.',
  ),
  expire_at: orNull(moment()),
  purge_at: described(orNull(moment()), 'It is deleted then, and out of service until then.'),
  account_proxy_registrar_address: orNull(text()),
  custom_provisioning_entries: described(orNull(text()), 'In INI.'),
  copyright_text: orNull(text()),
  intro_registration_text: orNull(text()),
  newsletter_registration_address: orNull(text()),
  theme_hue: integer(0, 360),
  logo: orNull(text()),
  ...each(FLAGS, boolean),
  ...each(KEPT_FLAGS, boolean),
  call_forwarding_no_answer_wire: described(
    choice(NO_ANSWER_WORDS),
    'What the Flexisip of the Space calls forwarding of calls that nobody answers.',
  ),
  account_realm: orNull(text()),
  account_default_password_algorithm: orNull(text()),
  created_at: moment(),
  updated_at: moment(),
  email_server: orNull(EmailServerSchema),
  carddav_servers: listOf(CarddavServerSchema),
  digest_authentication_configuration: orNull(object({ realm: text(), default_password_algorithm: orNull(text()) })),
  oidc_authentication_configuration: orNull(anything()),
})

/** An explicit list of what leaves (behaviour/spaces.md §1.1); the numeric id does not. */
export const spaceWire = (space: AdministeredSpace) => ({
  domain: space.domain,
  host: space.host,
  name: space.name,
  max_accounts: space.maxAccounts,
  max_account: space.maxAccount,
  max_voicemail_bytes: space.maxVoicemailBytes,
  expire_at: isoMomentOrNull(space.expireAt),
  purge_at: isoMomentOrNull(space.purgeAt),
  account_proxy_registrar_address: space.accountProxyRegistrarAddress,
  custom_provisioning_entries: space.customProvisioningEntries,
  copyright_text: space.copyrightText,
  intro_registration_text: space.introRegistrationText,
  newsletter_registration_address: space.newsletterRegistrationAddress,
  theme_hue: space.themeHue ?? USUAL_HUE,
  logo: space.logo,
  ...Object.fromEntries(Object.entries({ ...FLAGS, ...KEPT_FLAGS }).map(([name, column]) => [name, space[column]])),
  call_forwarding_no_answer_wire: space.callForwardingNoAnswerWire,
  account_realm: space.digest?.realm ?? null,
  account_default_password_algorithm: space.digest?.defaultPasswordAlgorithm ?? null,
  created_at: isoMoment(space.createdAt),
  updated_at: isoMoment(space.updatedAt),
  email_server: space.emailServer === null ? null : emailServerWire(space.emailServer),
  carddav_servers: space.carddavServers.map(carddavServerWire),
  digest_authentication_configuration:
    space.digest === null
      ? null
      : { realm: realmOf(space), default_password_algorithm: space.digest.defaultPasswordAlgorithm },
  oidc_authentication_configuration: null,
})
