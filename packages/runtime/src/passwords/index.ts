export { costOf, hashPassword, nobodysHash, openPasswords, PasswordsBusy, type Passwords } from './passwords.js'
export { changedUserFile, parseUserFile, replaceUserFile, watchedUserFile, type UserFile } from './user-file.js'
