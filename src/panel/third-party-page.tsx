import type { Visit } from '../nouns/visit.ts'
import { page, texts } from './layout.tsx'
import { loadComponents } from './third-party.macro.ts' with { type: 'macro' }

const { components, texts: licenses } = loadComponents()

/** Where the words of the licences are, which most of them want to be handed on. */
export const LICENSES_PATH = '/third-party-components/licenses'

/** What the executable is made of, and who allows it (behaviour/panel.md §6.1). */
export const thirdPartyPage = (visit: Visit, basePath: string): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'third_party.title',
    children: (
      <>
        <p>{t('third_party.what')}</p>
        <p>
          <a href={basePath + LICENSES_PATH}>{t('third_party.licenses')}</a>
        </p>
        <table class="components">
          <thead>
            <tr>
              <th scope="col">{t('third_party.name')}</th>
              <th scope="col">{t('third_party.license')}</th>
            </tr>
          </thead>
          <tbody>
            {components.map(({ name, version, license, url }) => (
              <tr>
                <th scope="row">
                  {url === null ? (
                    name
                  ) : (
                    <a href={url} rel="noopener noreferrer">
                      {name}
                    </a>
                  )}{' '}
                  <small>{version}</small>
                </th>
                <td>{license}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </>
    ),
  })
}

/** Every licence text once, below the names of those that came with it. */
export const licenseTexts = (): string =>
  licenses
    .map((text, index) => {
      const names = components
        .filter((component) => component.texts.includes(index))
        .map(({ name, version }) => `${name} ${version}`)
      return `${names.join(', ')}\n\n${text}\n`
    })
    .join(`\n${'-'.repeat(78)}\n\n`)
