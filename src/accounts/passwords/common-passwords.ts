/** What guessers try first, in lower case: runs of keys and digits, first names of love, the word itself. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  000000 00000000 010203 101010 102030 111111 1111111 11111111 111222 112233 11223344 121212 12121212 123123 123123123
  123321 1234321 12345 123456 1234567 12345678 123456789 1234567890 0123456789 9876543210 123456a 123654 123abc
  123qwe 131313 142536 147258 147258369 159357 159753 1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 222222 232323 246810 252525
  333333 420420 444444 456789 555555 654321 666666 696969 741852 741852963 777777 7777777 789456 789456123 87654321
  888888 88888888 963852741 987654 987654321 98765432 999999 99999999 a12345 a123456 a1b2c3 aa123456 aaaaaa aaaaaaaa
  abc123 abc12345 abcabc abcd1234 abcdef abcdefg abcdefgh access admin admin1 admin123 administrator amanda andrea andrew
  anthony asdasd asdasdasd asdf1234 asdfasdf asdfgh asdfghj asdfghjk asdfghjkl ashley austin azerty azertyuiop
  babygirl bailey banana barcelona baseball basketball batman bonjour bonjour1 butterfly camille changeme charlie
  cheese chelsea chocolat chocolate computer cookie daniel default diamond doudou dragon family football football1
  forever freedom friends fuckyou george ginger google guitar hannah harley hello123 hello1 hellohello hockey
  hunter iloveyou iloveyou1 internet jasmine jennifer jessica jordan jordan23 joshua juventus justin killer letmein
  letmein1 linphone liverpool london loulou lovely loveme loveyou maggie marseille master matrix matthew
  michael michelle monkey motdepasse mustang naruto nathan nicole nicolas ninja1 nothing number1 orange p@ssw0rd
  p@ssword passpass passw0rd password password! password1 password12 password123 password1234 passwort patrick pepper
  phoenix pokemon princess purple q1w2e3 q1w2e3r4 qazwsx qazwsxedc qqqqqq qwe123 qweasd qweasdzxc qweqwe qwer1234
  qwerty qwerty1 qwerty12 qwerty123 qwertyu qwertyui qwertyuiop qwertz qwertzuiop rainbow robert samsung secret secret1
  shadow silver snoopy soccer soleil starwars summer sunshine superman taylor test123 test1234 testtest thomas
  thunder tigger tinkerbell trustno1 vanessa welcome welcome1 welcome123 whatever william winter wxcvbn
  xxxxxx yellow zaq12wsx zaqwsx zxcvbn zxcvbnm zzzzzz
  `
    .trim()
    .split(/\s+/),
)
