import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { integer, text } from '../../http/input.ts'
import { answers, boolean, listOf, record } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import type { PhoneCountries } from './phone-countries.ts'

const PhoneCountrySchema = record('PhoneCountry', { code: text(), country_code: text(), activated: boolean() })

export const phoneCountriesApi = ({ auth, phoneCountries }: { auth: Auth; phoneCountries: PhoneCountries }) =>
  new Elysia({ prefix: '/api/phone_countries', tags: ['Phone countries'] })
    .use(auth)
    .get(
      '/',
      async () =>
        json(
          (await phoneCountries.list()).map(({ code, countryCode, activated }) => ({
            code,
            country_code: countryCode,
            activated,
          })),
        ),
      {
        open: true,
        detail: { summary: 'List the countries of phone numbers', ...answers(listOf(PhoneCountrySchema)) },
      },
    )
    .post('/:code/activate', async ({ visit, params }) => json(await phoneCountries.activate(visit, params.code)), {
      requires: 'super',
      detail: {
        summary: 'Open a country',
        description: 'All that share its calling code. Answers how many changed.',
        ...answers(integer(0)),
      },
    })
    .post('/:code/deactivate', async ({ visit, params }) => json(await phoneCountries.deactivate(visit, params.code)), {
      requires: 'super',
      detail: {
        summary: 'Close a country',
        description: 'All that share its calling code. Answers how many changed.',
        ...answers(integer(0)),
      },
    })
