-- Neovim, headless, set up by what docs/editors/neovim.md prints for its version.
--
-- Environment: TARGET (a script with two findings, KM209 and KM207, the first behind an emoji), TRAINING (a script to
-- estimate). NEWER is set for versions that have all of the set-up for 0.11. The set-up was read as init.lua.

local newer = vim.env.NEWER ~= nil
local said = {}
local log = vim.lsp.handlers["window/logMessage"]
vim.lsp.handlers["window/logMessage"] = function(problem, result, context, config)
  table.insert(said, result.message)
  return log(problem, result, context, config)
end

local function need(value, what)
  if not value then
    error("FAILED: " .. what, 0)
  end
  io.stdout:write("ok: " .. what .. "\n")
  return value
end

local function await(condition, what)
  return need(vim.wait(20000, condition, 20), what)
end

local function marked(text)
  for _, mark in ipairs(vim.diagnostic.get(0)) do
    local code = mark.code or (mark.user_data and mark.user_data.lsp and mark.user_data.lsp.code)
    if code == text or mark.message:find(text, 1, true) then
      return mark
    end
  end
end

local function logged(text)
  for _, message in ipairs(said) do
    if message:find(text, 1, true) then
      return true
    end
  end
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function popup()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return text(vim.api.nvim_win_get_buf(window))
    end
  end
end

local function edit(file)
  vim.cmd("edit " .. vim.fn.fnameescape(file))
  await(function() return #vim.diagnostic.get(0) > 0 end, "findings are marked")
end

local function run()
  edit(vim.env.TARGET)
  await(function() return marked("KM209") and marked("KM207") end, "two findings are marked")
  await(function() return logged("target_gpu='T4'") end, "the settings are in force")

  local mark = marked("KM209")
  local row = vim.api.nvim_buf_get_lines(0, mark.lnum, mark.lnum + 1, false)[1]
  need(row:sub(mark.col + 1):find("^map%(decode%)"), "the mark is behind the emoji")
  vim.api.nvim_win_set_cursor(0, { mark.lnum + 1, mark.col })
  vim.lsp.buf.hover()
  await(function() return (popup() or ""):find("map-sequential", 1, true) end, "the hover shows the rule's page")

  if newer then
    local client = vim.lsp.get_clients({ bufnr = 0, name = "keras_memlint" })[1]
    need(client.server_capabilities.diagnosticProvider, "findings are asked for")
    vim.cmd("silent write")
    local written = table.concat(vim.fn.readfile(vim.env.TARGET), "\n")
    need(written:find("ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)", 1, true), "writing makes a fix")
    need(written:find("prefetch(tf.data.AUTOTUNE)", 1, true), "and the other one")
    await(function() return #vim.diagnostic.get(0) == 0 end, "nothing is marked any more")
  end

  edit(vim.env.TRAINING)
  need(not marked("predicted by the GPU compiler"), "nothing is measured yet")
  if newer then
    await(function() return #vim.lsp.inlay_hint.get({ bufnr = 0 }) > 0 end, "inlay hints are there")
    need(vim.inspect(vim.lsp.inlay_hint.get({ bufnr = 0 })):find("GiB", 1, true), "they say bytes")
    await(function() return #vim.lsp.codelens.get(0) > 0 end, "code lenses are there")
    need(vim.inspect(vim.lsp.codelens.get(0)):find("estimate", 1, true), "they offer the estimate")
  end
  vim.cmd("MemlintEstimate")
  await(function() return marked("predicted by the GPU compiler") end, "the estimate is in the findings")
  if newer then
    await(function()
      return vim.inspect(vim.lsp.codelens.get(0)):find("predicted by the GPU compiler", 1, true)
    end, "the code lens says what was estimated")
  end
end

local fine, problem = pcall(run)
if not fine then
  io.stdout:write(tostring(problem) .. "\n" .. table.concat(said, "\n") .. "\n")
end
vim.cmd(fine and "qall!" or "cquit 1")
