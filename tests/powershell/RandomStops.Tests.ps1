# A stop at any moment loses nobody: the server's log is compared with the output and the warning.
# JCSDK_STOPS is the number of stops in all (104 by default), JCSDK_STOP_SEED the seed for their random moments.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeDiscovery {
    $kinds = foreach ($answer in 'reset', 'unknown') {
        foreach ($limit in 1, 8) {
            foreach ($token in $true, $false) { @{ Answer = $answer; Limit = $limit; Token = $token } }
        }
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $count = [int][Math]::Ceiling($(if ($env:JCSDK_STOPS) { [int]$env:JCSDK_STOPS } else { 104 }) / 8)
    $random = [Random]::new($(if ($env:JCSDK_STOP_SEED) { [int]$env:JCSDK_STOP_SEED } else { 11 }))

    # ok-1 to ok-80 are reset after 10 to 40 ms; the server fails for ok-101 to ok-180 after as long.
    $addresses = Start-Simulator -Argument '--users', '180'
    foreach ($n in 1..80 + 101..180) {
        $steps = foreach ($step in 1..3) { "{`"delayMs`":$($random.Next(10, 41))$(if ($n -gt 100) { ',"status":502' })}" }
        $body = "{`"repeat`":true,`"steps`":[$($steps -join ',')]}"
        $null = Invoke-RestMethod "$($addresses.admin)/faults/ok-$n" -Method Put -Body $body -ContentType application/json
    }

    $runspace = [runspacefactory]::CreateRunspace()
    $runspace.Open()
    $shell = [powershell]::Create($runspace)
    $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Reset-JcSdkSystemUserMfa -Id ok-80").Invoke()
    $shell.Dispose()
    $tokenSwitch = [JumpCloudApiSdkV1.Interop.ResetRun].GetField('usesStopToken', [Reflection.BindingFlags]'NonPublic, Static')

    # All results, all results through a script block of the caller's, and only errors.
    $forms = 'R -Detailed', 'R -Detailed | ForEach-Object { $_ }', 'R'

    function Invoke-Stopped([string]$Form, [string[]]$Id, [int]$Limit, [int]$AfterMs) {
        $null = Invoke-RestMethod "$($addresses.admin)/log" -Method Delete
        $shell = [powershell]::Create($runspace)
        $call = $Form -replace '^R', "Reset-JcSdkSystemUserMfa -ThrottleLimit $Limit"
        $null = $shell.AddScript("param(`$ids) `$global:came = 0; `$ids | ForEach-Object { `$global:came++; `$_ } | $call").AddArgument($Id)
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), $output)
        [Threading.Thread]::Sleep($AfterMs)
        $shell.Stop()
        try { $null = $shell.EndInvoke($running) }
        catch { "$($_.Exception.GetBaseException().GetType().Name)" | Should -Be PipelineStoppedException }
        # Requests that have left may still have to arrive.
        [Threading.Thread]::Sleep(50)
        [pscustomobject]@{
            Out     = @(if ($Form -eq 'R') { $shell.Streams.Error | Where-Object TargetObject | ForEach-Object { $_.TargetObject } } else { $output | ForEach-Object { $_.UserId } })
            Warning = @($shell.Streams.Warning | ForEach-Object { $_.Message }) -join ' '
            Arrived = @(Get-Arrived | ForEach-Object { $_.id })
            Came    = $runspace.SessionStateProxy.GetVariable('came')
            Ended   = "$($shell.InvocationStateInfo.State)" -eq 'Completed'
        }
        $shell.Dispose()
    }

    # What is wrong with the output and the warning, a line each.
    function Get-Wrong([pscustomobject]$Stop, [string[]]$Id, [string]$Answer, [bool]$IsSilent) {
        function Get-Named([string]$Sentence) {
            if ($Stop.Warning -match "$Sentence`: ([^.]+)\.") { $Matches[1] -split ', ' }
        }
        $done = if ($Stop.Warning -match 'the first (?:is|(\d+) are) done') { if ($Matches[1]) { [int]$Matches[1] } else { 1 } } elseif ($Stop.Ended) { $Id.Count } else { 0 }
        $named = @(
            Get-Named 'These users were reset(?: as well)?, though their results may not have been shown'
            Get-Named 'It is not known whether these users were reset'
            Get-Named 'These users were refused and not reset'
        )
        $notSent = if ($Stop.Warning -match '(\d+) more (?:was|were) not sent') { [int]$Matches[1] } else { 0 }
        if ($IsSilent) { $Stop.Out = @($Id | Select-Object -First $done) }
        $told = $Stop.Out + $named
        foreach ($one in $Stop.Arrived | Where-Object { $_ -notin $told }) { "$one arrived and is told nowhere" }
        foreach ($one in $named | Where-Object { $Id.IndexOf($_) -lt $done }) { "$one is done and named all the same" }
        if (@($Stop.Arrived | Select-Object -Unique).Count -ne $Stop.Arrived.Count) { 'somebody arrived twice' }
        # The result that was being written at the stop may have come out, and is told again.
        if ($Stop.Out.Count -notin $done, ($done + 1)) { "$($Stop.Out.Count) came out, $done are said to be done" }
        if ("$($Stop.Out)" -ne "$($Id | Select-Object -First $Stop.Out.Count)") { 'they came out in another order' }
        if ($done -and -not $Stop.Ended -and $Stop.Warning -notmatch "(done: |the last of them is )$($Id[$done - 1])\.") { 'the last who is done is another one' }
        # A user who was between the two commands at the stop does not count as come in.
        if ($Stop.Warning -and $done + $named.Count + $notSent -notin $Stop.Came, ($Stop.Came - 1)) { "$($Stop.Came) came, and $done + $($named.Count) + $notSent are told" }
        if ($Answer -eq 'unknown' -and $Stop.Warning -match 'were reset(?: as well)?, though') { 'somebody is said to be reset' }
    }
}
AfterAll {
    $tokenSwitch.SetValue($null, $true)
    $runspace.Dispose()
    Stop-Simulator
}

Describe 'A stop at a random moment' {
    It 'loses nobody: answer <Answer>, throttle limit <Limit>, stop token <Token>' -ForEach $kinds {
        $tokenSwitch.SetValue($null, $Token)
        $first = if ($Answer -eq 'reset') { 1 } else { 101 }
        $ids = [string[]]@($first..($first + $(if ($Limit -eq 1) { 24 } else { 79 })) | ForEach-Object { "ok-$_" })
        $stopped = 0
        foreach ($round in 1..$count) {
            $after = $random.Next(0, $(if ($Limit -eq 1) { 500 } else { 200 }))
            $form = $forms[$round % 3]
            $stop = Invoke-Stopped $form $ids $Limit $after
            Get-Wrong $stop $ids $Answer -IsSilent ($form -eq 'R' -and $Answer -eq 'reset') | Should -BeNullOrEmpty -Because "stop $round, of '$form' after $after ms, said: $($stop.Warning)"
            if (-not $stop.Ended) { $stopped++ }
        }
        # Most stops have to come before the command has ended.
        $stopped | Should -BeGreaterThan ($count / 2)
    }
}
