export { closeBrokerDesk as default } from './jest-global-setup';
