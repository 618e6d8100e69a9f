import { type AnyElysia, Elysia } from 'elysia'
import { accountTokensApi } from './access/account-tokens/api.ts'
import { creationTokenPages } from './access/account-tokens/pages.tsx'
import { apiKeysApi } from './access/api-keys/api.ts'
import { sessionPages } from './access/sessions/pages.tsx'
import { accountFilesApi } from './accounts/account-files/api.ts'
import { accountTypesApi } from './accounts/account-types/api.ts'
import { accountsApi, ownAccountApi } from './accounts/accounts/api.ts'
import { dictionaryApi } from './accounts/dictionary/api.ts'
import { phoneCountriesApi } from './accounts/phone-countries/api.ts'
import { carddavCredentialsApi } from './address-books/carddav-credentials/api.ts'
import { contactCardsApi, contactsApi } from './address-books/contacts/api.ts'
import { contactsListsApi } from './address-books/contacts-lists/api.ts'
import { vcardsApi, vcardsStorageApi } from './address-books/vcards-storage/api.ts'
import { accountPages } from './administration/account/pages.tsx'
import { accountContactsPages } from './administration/account-contacts/pages.tsx'
import { accountFilePages } from './administration/account-files/pages.tsx'
import { accountStatisticsPages } from './administration/account-statistics/pages.tsx'
import { accountsListPages } from './administration/accounts-list/pages.tsx'
import { activityPages } from './administration/activity/pages.tsx'
import { namedKeyPages } from './administration/api-keys/pages.tsx'
import { auditLogPages } from './administration/audit-log/pages.tsx'
import { carddavCredentialPages } from './administration/carddav-credentials/pages.tsx'
import { connectionPages } from './administration/connections/pages.tsx'
import { contactsListPages } from './administration/contacts-lists/pages.tsx'
import { dictionaryPages } from './administration/dictionary/pages.tsx'
import { externalAccountPages } from './administration/external-account/pages.tsx'
import { getStartedPages } from './administration/get-started/pages.tsx'
import { handingOverPages } from './administration/handing-over/pages.tsx'
import { accountTypePages, intercomPages } from './administration/intercom/pages.tsx'
import { overviewPages } from './administration/overview/pages.tsx'
import { phoneCountryPages } from './administration/phone-countries/pages.tsx'
import { spacePages } from './administration/space/pages.tsx'
import { spacesPages } from './administration/spaces/pages.tsx'
import { statisticsPages } from './administration/statistics/pages.tsx'
import { supportPages } from './administration/support/pages.tsx'
import { taskPages } from './administration/tasks/pages.tsx'
import { accountTelephonyPages } from './administration/telephony/pages.tsx'
import { administeredTelephony } from './administration/telephony/place.ts'
import { webhookPages } from './administration/webhooks/pages.tsx'
import { apiDocumentApi } from './api-document/api.ts'
import { auditApi } from './audit/api.ts'
import { auth } from './http/auth.ts'
import { failures } from './http/failures.ts'
import { pingApi } from './http/ping.ts'
import { volumeLimit } from './http/volume.ts'
import { answers } from './panel/answers.tsx'
import { panelApi } from './panel/api.ts'
import { errorPage } from './panel/error-page.tsx'
import { againIn, pages, speakAsChosen } from './panel/pages.ts'
import { provisioningApi } from './provisioning/provisioning/api.ts'
import { wizardApi } from './provisioning/wizard/api.ts'
import { wizardPages } from './provisioning/wizard/pages.tsx'
import { legacyApi } from './registration/legacy/api.ts'
import { registrationApi } from './registration/registration/api.ts'
import { signUpPages } from './registration/sign-up/pages.tsx'
import { apiKeyApi } from './self-service/api-key/api.ts'
import { apiKeyPages } from './self-service/api-key/pages.tsx'
import { authTokensApi } from './self-service/auth-tokens/api.ts'
import { authTokenPages } from './self-service/auth-tokens/pages.tsx'
import { contactDetailsApi, waitingCodesApi } from './self-service/contact-details/api.ts'
import { contactChangePages, contactDetailsPages } from './self-service/contact-details/pages.tsx'
import { ownAccountPages } from './self-service/own-account/pages.tsx'
import { passwordResetsApi } from './self-service/password-resets/api.ts'
import { passwordResetPages } from './self-service/password-resets/pages.tsx'
import { recoveryPages } from './self-service/recovery/pages.tsx'
import { signInPages } from './self-service/sign-in/pages.tsx'
import type { Services } from './services.ts'
import { brandingApi } from './spaces/branding/api.ts'
import { carddavServersApi } from './spaces/carddav-servers/api.ts'
import { spaceEmailServersApi } from './spaces/space-email-servers/api.ts'
import { spacesApi } from './spaces/spaces/api.ts'
import { webhooksApi } from './spaces/webhooks/api.ts'
import { tasksApi } from './tasks/api.ts'
import { accountActionsApi } from './telephony/account-actions/api.ts'
import { callForwardingsApi } from './telephony/call-forwardings/api.ts'
import { callForwardingPages } from './telephony/call-forwardings/pages.ts'
import { devicesApi } from './telephony/devices/api.ts'
import { devicePages } from './telephony/devices/pages.tsx'
import { externalAccountsApi } from './telephony/external-accounts/api.ts'
import { telephonyPages } from './telephony/overview/pages.ts'
import { OWN_TELEPHONY } from './telephony/place/place.ts'
import { pushesApi } from './telephony/pushes/api.ts'
import { resolvingApi } from './telephony/resolving/api.ts'
import { sipMessagesApi } from './telephony/sip-messages/api.ts'
import { callLogApi, statisticsApi } from './telephony/statistics/api.ts'
import { callLogPages } from './telephony/statistics/pages.ts'
import { turnApi } from './telephony/turn/api.ts'
import { fileLinksApi, voicemailsApi } from './telephony/voicemails/api.ts'
import { voicemailPages } from './telephony/voicemails/pages.ts'

/** The whole HTTP surface. Which Space a request is for was settled before (`http/front.ts`). */
export const app = (services: Services): AnyElysia => {
  const answer = answers(services)
  const deps = {
    ...services,
    answers: answer,
    pages: pages({ ...services, answers: answer }),
    auth: auth(services.authentication, {
      basePath: services.config.BASE_PATH,
      admitted: volumeLimit(services.limits),
    }),
  }
  // Without its type, which would grow by every part.
  const empty: AnyElysia = new Elysia({ aot: true, normalize: false })
  const surface: AnyElysia = empty
    .use(
      failures(
        services.log,
        services.outages,
        () => surface,
        (request, visit, { status, id, say }) => {
          if (!visit.isPage) speakAsChosen(request, visit)
          const address = againIn(request, visit)
          const message = say(visit.language)
          return deps.answers(request, visit).show(errorPage, { status, about: id, message, id: visit.id, address })
        },
      ),
    )
    .use(panelApi(deps))
    .use(brandingApi(deps))
    .use(apiDocumentApi({ ...deps, routes: () => surface.routes }))
    .use(pingApi(deps))
    .use(provisioningApi(deps))
    .use(wizardApi(deps))
    .use(wizardPages(deps))
    .use(accountTokensApi(deps))
    .use(creationTokenPages(deps))
    .use(registrationApi(deps))
    .use(signUpPages(deps))
    .use(authTokensApi(deps))
    .use(signInPages(deps))
    .use(authTokenPages(deps))
    .use(ownAccountApi(deps))
    .use(apiKeyApi(deps))
    .use(apiKeysApi(deps))
    .use(turnApi(deps))
    .use(ownAccountPages(deps))
    .use(sessionPages(deps))
    .use(apiKeyPages(deps))
    .use(namedKeyPages(deps))
    .use(contactDetailsApi(deps))
    .use(waitingCodesApi(deps))
    .use(contactDetailsPages(deps))
    .use(contactChangePages(deps))
    .use(accountFilesApi(deps))
    .use(accountsApi(deps))
    .use(passwordResetsApi(deps))
    .use(passwordResetPages(deps))
    .use(recoveryPages(deps))
    .use(devicesApi(deps))
    .use(devicePages(deps))
    .use(telephonyPages(deps))
    .use(callForwardingPages(deps, OWN_TELEPHONY))
    .use(voicemailPages(deps, OWN_TELEPHONY))
    .use(callLogPages(deps))
    .use(dictionaryApi(deps))
    .use(contactsApi(deps))
    .use(contactCardsApi(deps))
    .use(contactsListsApi(deps))
    .use(accountTypesApi(deps))
    .use(accountActionsApi(deps))
    .use(vcardsStorageApi(deps))
    .use(vcardsApi(deps))
    .use(externalAccountsApi(deps))
    .use(pushesApi(deps))
    .use(callLogApi(deps))
    .use(statisticsApi(deps))
    .use(voicemailsApi(deps))
    .use(fileLinksApi(deps))
    .use(carddavCredentialsApi(deps))
    .use(callForwardingsApi(deps))
    .use(resolvingApi(deps))
  // In two parts: a chain as long as both is more than the compiler follows.
  surface
    .use(overviewPages(deps))
    .use(getStartedPages(deps))
    .use(spacesPages(deps))
    .use(phoneCountryPages(deps))
    .use(spacePages(deps))
    .use(connectionPages(deps))
    .use(accountsListPages(deps))
    .use(accountTypePages(deps))
    .use(statisticsPages(deps))
    .use(accountStatisticsPages(deps))
    .use(accountTelephonyPages(deps))
    .use(callForwardingPages(deps, administeredTelephony(deps)))
    .use(voicemailPages(deps, administeredTelephony(deps)))
    .use(accountPages(deps))
    .use(accountFilePages(deps))
    .use(intercomPages(deps))
    .use(taskPages(deps))
    .use(tasksApi(deps))
    .use(supportPages(deps))
    .use(handingOverPages(deps))
    .use(activityPages(deps))
    .use(externalAccountPages(deps))
    .use(dictionaryPages(deps))
    .use(contactsListPages(deps))
    .use(accountContactsPages(deps))
    .use(carddavCredentialPages(deps))
    .use(spacesApi(deps))
    .use(carddavServersApi(deps))
    .use(spaceEmailServersApi(deps))
    .use(auditApi(deps))
    .use(webhooksApi(deps))
    .use(webhookPages(deps))
    .use(auditLogPages(deps))
    .use(phoneCountriesApi(deps))
  // Without a daemon there is no such path.
  if (services.sipMessages.isOn) surface.use(sipMessagesApi(deps))
  // Switched off, the paths of 2021 do not exist (D8).
  return services.config.LEGACY_API ? surface.use(legacyApi(deps)) : surface
}
