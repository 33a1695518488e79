// The tests drive the browser that is installed: npm ci downloads none.
module.exports = { skipDownload: true };
