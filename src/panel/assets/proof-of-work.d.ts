// The script itself is embedded as text: it runs in browsers.
declare const text: string
export default text
