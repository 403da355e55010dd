// Resets one user.
//
//	go run . ID      the key is in JCApiKey; PKG_CONFIG_PATH names where jcsdk is installed
//
// Exit status: 0 if the user was reset, 1 if not, 2 for a wrong call or configuration.
package main

/*
#cgo pkg-config: jcsdk
#include <stdlib.h>
#include <jcsdk.h>
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"
)

// Failure is the result document of a user who was not reset.
type Failure struct {
	Outcome string `json:"outcome"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (f *Failure) Error() string { return f.Message + " " + f.Hint }

// Reset resets a user. The error is a *Failure if it comes from the library.
func Reset(id string) error {
	// C text ends at a NUL, and an id that is cut there may be that of another user.
	if strings.ContainsRune(id, 0) {
		return errors.New("an id must not contain a NUL")
	}
	text := C.CString(id)
	defer C.free(unsafe.Pointer(text))
	var buffer C.jc_buf
	defer C.jc_buf_free(&buffer)
	if C.jc_reset_system_user_mfa(text, C.JC_EXCLUSION_UNSET, C.JC_UNTIL_UNSET, &buffer) == C.JC_OK {
		return nil
	}
	failure := &Failure{}
	if err := json.Unmarshal(C.GoBytes(unsafe.Pointer(buffer.ptr), C.int(buffer.len)), failure); err != nil {
		return err
	}
	return failure
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reset ID")
		os.Exit(2)
	}
	if err := Reset(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		var failure *Failure
		if errors.As(err, &failure) && failure.Outcome != "invalid" {
			os.Exit(1)
		}
		os.Exit(2)
	}
	fmt.Println(os.Args[1], "is reset")
}
