import { type AnyElysia, Elysia } from 'elysia'
import { accountActionsApi } from './features/account-actions/api.ts'
import { accountTokensApi } from './features/account-tokens/api.ts'
import { creationTokenPages } from './features/account-tokens/pages.tsx'
import { accountTypesApi } from './features/account-types/api.ts'
import { accountsApi, ownAccountApi, resolveApi } from './features/accounts/api.ts'
import { apiDocumentApi } from './features/api-document/api.ts'
import { apiKeyPages } from './features/api-keys/pages.tsx'
import { authTokensApi } from './features/auth-tokens/api.ts'
import { authTokenPages } from './features/auth-tokens/pages.tsx'
import { brandingApi } from './features/branding/api.ts'
import { carddavCredentialsApi, carddavServersApi } from './features/carddav/api.ts'
import { contactDetailsApi } from './features/contact-details/api.ts'
import { contactChangePages, contactDetailsPages } from './features/contact-details/pages.tsx'
import { contactCardsApi, contactsApi } from './features/contacts/api.ts'
import { contactsListsApi } from './features/contacts-lists/api.ts'
import { devicesApi } from './features/devices/api.ts'
import { devicePages } from './features/devices/pages.tsx'
import { dictionaryApi } from './features/dictionary/api.ts'
import { externalAccountsApi } from './features/external-accounts/api.ts'
import { pingApi } from './features/health/api.ts'
import { legacyApi } from './features/legacy/api.ts'
import { ownAccountPages } from './features/own-account/pages.tsx'
import { passwordResetsApi } from './features/password-resets/api.ts'
import { passwordResetPages } from './features/password-resets/pages.tsx'
import { phoneCountriesApi } from './features/phone-countries/api.ts'
import { provisioningApi } from './features/provisioning/api.ts'
import { recoveryPages } from './features/recovery/pages.tsx'
import { registrationApi } from './features/registration/api.ts'
import { sessionPages } from './features/sessions/pages.tsx'
import { signInPages } from './features/sign-in/pages.tsx'
import { signUpPages } from './features/sign-up/pages.tsx'
import { spaceEmailServersApi } from './features/space-email-servers/api.ts'
import { spacesApi } from './features/spaces/api.ts'
import { vcardsApi, vcardsStorageApi } from './features/vcards-storage/api.ts'
import { wizardApi } from './features/wizard/api.ts'
import { wizardPages } from './features/wizard/pages.tsx'
import { auth } from './http/auth.ts'
import { failures } from './http/failures.ts'
import { panelApi } from './panel/api.ts'
import { errorPage } from './panel/error-page.tsx'
import { pages, speakAsChosen } from './panel/pages.ts'
import type { Services } from './services.ts'

/** The whole HTTP surface. Which Space a request is for was settled before (`http/front.ts`). */
export const app = (services: Services): AnyElysia => {
  const deps = {
    ...services,
    pages: pages(services),
    auth: auth(services.authentication, {
      basePath: services.config.BASE_PATH,
      admitted: services.admitted,
      limited: services.limits.api.points !== null,
    }),
  }
  const surface: AnyElysia = new Elysia({ aot: true, normalize: false })
    .use(
      failures(
        services.log,
        services.outages,
        () => surface,
        (request, visit, status, say) => {
          if (!visit.isPage) speakAsChosen(request, visit)
          return errorPage(visit, services.config.BASE_PATH, status, say(visit.language))
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
    .use(ownAccountPages(deps))
    .use(sessionPages(deps))
    .use(apiKeyPages(deps))
    .use(contactDetailsApi(deps))
    .use(contactDetailsPages(deps))
    .use(contactChangePages(deps))
    .use(accountsApi(deps))
    .use(passwordResetsApi(deps))
    .use(passwordResetPages(deps))
    .use(recoveryPages(deps))
    .use(devicesApi(deps))
    .use(devicePages(deps))
    .use(dictionaryApi(deps))
    .use(contactsApi(deps))
    .use(contactCardsApi(deps))
    .use(contactsListsApi(deps))
    .use(accountTypesApi(deps))
    .use(accountActionsApi(deps))
    .use(vcardsStorageApi(deps))
    .use(vcardsApi(deps))
    .use(externalAccountsApi(deps))
    .use(carddavCredentialsApi(deps))
    .use(resolveApi(deps))
    .use(spacesApi(deps))
    .use(carddavServersApi(deps))
    .use(spaceEmailServersApi(deps))
    .use(phoneCountriesApi(deps))
  // Switched off, the paths of 2021 do not exist (D8).
  return services.config.LEGACY_API ? surface.use(legacyApi(deps)) : surface
}
